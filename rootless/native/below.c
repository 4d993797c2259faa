#define _GNU_SOURCE
#include "below.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "copy-owner.h"
#include "die.h"

static bool is_hidden(int directory, const char *name, bool marks) {
  char mark[NAME_MAX + 8];
  struct stat about;
  if (!marks) return false;
  int length = snprintf(mark, sizeof mark, ".wh.%s", name);
  return length <= NAME_MAX && fstatat(directory, mark, &about, AT_SYMLINK_NOFOLLOW) == 0;
}

static void add(struct below *in, int fd, size_t most) {
  if (!in->fds && !(in->fds = calloc(most, sizeof *in->fds))) die("out of memory");
  in->fds[in->count++] = fd;
}

enum below_kind look_below(const struct below *at, const char *name, int marks, struct stat *about, struct below *in) {
  enum below_kind kind = BELOW_NOTHING;
  for (size_t i = 0; i < at->count; i++) {
    struct stat here;
    if (fstatat(at->fds[i], name, &here, AT_SYMLINK_NOFOLLOW) < 0) {
      if (is_hidden(at->fds[i], name, marks)) break;
      continue;
    }
    if (S_ISCHR(here.st_mode) && here.st_rdev == 0) break;
    if (kind == BELOW_NOTHING) *about = here;
    if (!S_ISDIR(here.st_mode)) return kind == BELOW_NOTHING ? BELOW_OTHER : kind;
    kind = BELOW_DIRECTORY;
    if (!in) return kind;
    int fd = openat(at->fds[i], name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) die_errno("cannot read the directory %s of a layer", name);
    add(in, fd, at->count - i);
    if (is_opaque(fd) > 0 || is_hidden(at->fds[i], name, marks)) break;
  }
  return kind;
}

void close_below(struct below *below) {
  for (size_t i = 0; i < below->count; i++) close(below->fds[i]);
  free(below->fds);
  *below = (struct below){0};
}
