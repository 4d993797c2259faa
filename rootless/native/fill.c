#define _GNU_SOURCE
#include "fill.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply.h"
#include "copy.h"
#include "die.h"
#include "mount-tree.h"
#include "path.h"

static const struct plan *opened;
static struct volume {
  int data, first_use;
} *volumes; /* for each of the plan's operations */
static bool started_before;

void open_volumes(const struct plan *plan) {
  char started[4200];
  const char *directory = plan_word(plan, "container", 2);
  opened = plan;
  volumes = calloc(plan->count, sizeof *volumes);
  if (!volumes) die("out of memory");
  snprintf(started, sizeof started, "%s/started", directory ? directory : "");
  started_before = access(started, F_OK) == 0;
  for (size_t i = 0; i < plan->count; i++) {
    char **words = plan->operations[i].words;
    if (strcmp(words[0], "volume-fill") != 0) continue;
    volumes[i].data = open(words[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (volumes[i].data < 0) die_errno("cannot open the volume %s", words[1]);
    volumes[i].first_use = open(words[2], O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (volumes[i].first_use < 0) die_errno("cannot open %s", words[2]);
  }
}

/* What can't be read is not empty. */
static bool is_empty(int directory) {
  int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = fd < 0 ? NULL : fdopendir(fd);
  bool empty = stream;
  for (struct dirent *entry; empty && (entry = readdir(stream));)
    empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
  if (stream) closedir(stream);
  else if (fd >= 0) close(fd);
  return empty;
}

static bool is_root(int directory, int root) {
  struct stat one, other;
  return fstat(directory, &one) == 0 && fstat(root, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

__attribute__((noreturn)) static void fail(int code, const char *path, const char *volume) {
  if (code == APPLY_NO_SPACE) set_hint("free some space: tsc-pod system prune");
  die("cannot copy what the image has in %s into %s%s", path, volume, code == APPLY_NO_SPACE ? ": the disk is full" : "");
}

static void write_out(int directory, const char *path) {
  int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* syncfs(2) takes no O_PATH */
  if (fd < 0 || syncfs(fd) < 0) die_errno("cannot write out %s", path);
  close(fd);
}

static void copy_image(int from, const struct volume *volume, const struct operation *operation) {
  char **words = operation->words;
  bool sync = strcmp(words[6], "sync") == 0, empty = is_empty(from);
  if (!empty && (pwrite(volume->first_use, "x", 1, 0) < 0 || (sync && fdatasync(volume->first_use) < 0)))
    die_errno("cannot write %s", words[2]);
  int code = copy_layer(from, volume->data);
  if (code != 0) fail(code, words[3], "the volume");
  if (empty) return;
  if (sync) write_out(volume->data, words[1]);
  if (ftruncate(volume->first_use, 0) < 0) die_errno("cannot write %s", words[2]);
}

static void first_use(int root, const struct volume *volume, const struct operation *operation) {
  char **words = operation->words;
  int from = open_in_root(root, words[3], O_PATH | O_DIRECTORY);
  if (from >= 0 && !is_root(from, root)) copy_image(from, volume, operation);
  else if (fchownat(volume->data, "", (uid_t)number_of(words[4]), (gid_t)number_of(words[5]), AT_EMPTY_PATH) < 0 && errno != EPERM && errno != EINVAL)
    die_errno("cannot give the volume %s to the container's user", words[1]);
  if (from >= 0) close(from);
}

void fill_volume(int root, const struct operation *operation) {
  const struct volume *volume = &volumes[operation - opened->operations];
  char byte;
  while (flock(volume->first_use, LOCK_EX) < 0)
    if (errno != EINTR) die_errno("cannot lock %s", operation->words[2]);
  bool cut_off = pread(volume->first_use, &byte, 1, 0) == 1;
  if (cut_off || (!started_before && is_empty(volume->data))) first_use(root, volume, operation);
  flock(volume->first_use, LOCK_UN); /* stage one has it open too */
  close(volume->first_use);
  close(volume->data);
}

void mount_new(int root, const struct new_mount *wish) {
  unsigned long flags;
  uint64_t attributes;
  mount_flags(wish->flags, &flags, &attributes);
  int target = make_mount_point(root, wish->path, true);
  int tree = new_tree(wish->type, wish->data, attributes & ~(uint64_t)MOUNT_ATTR_RDONLY, wish->path);
  int code = wish->copies ? copy_content(target, tree) : 0;
  if (code != 0) fail(code, wish->path, "the file system that is mounted there");
  if (attributes & MOUNT_ATTR_RDONLY) set_attributes(tree, MOUNT_ATTR_RDONLY, 0, false, wish->path);
  attach_tree(tree, target, wish->path);
  close(tree);
  close(target);
}

void mount_filled(int root, const struct operation *operation) {
  char **words = operation->words;
  mount_new(root, &(struct new_mount){words[3], words[1], words[4], words[5], true});
}
