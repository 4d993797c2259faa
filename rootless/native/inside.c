#define _GNU_SOURCE
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "path.h"

static int open_directory(int root, const char *path) { return open_in_root(root, path, O_PATH | O_DIRECTORY); }

/*
 * Opens path[0..length), making what is missing. Each prefix is looked up from the root again, so that links on
 * the way can't lead out of it; that is quadratic, but happens once a directory that no layer entry announces.
 */
static int make_directories(struct inside *in, const char *path, make_parent *make, void *context) {
  char prefix[INSIDE_PATH];
  size_t length = strlen(path);
  memcpy(prefix, path, length + 1);
  int fd = open_directory(in->fd, "");
  for (size_t start = 0; fd >= 0 && start < length;) {
    size_t end = start + strcspn(path + start, "/");
    prefix[end] = '\0';
    int child = open_directory(in->fd, prefix);
    if (child < 0 && (errno == ENOENT || errno == ENOTDIR) && make(context, fd, prefix + start) == 0)
      child = open_directory(in->fd, prefix);
    int error = errno;
    close(fd);
    errno = error;
    prefix[end] = path[end];
    start = end + 1;
    fd = child;
  }
  return fd;
}

static struct parent *find(struct inside *in, const char *path, size_t length) {
  struct parent *oldest = &in->parents[0];
  for (struct parent *p = in->parents; p < in->parents + INSIDE_PARENTS; p++) {
    if (p->used && p->length == length && memcmp(p->path, path, length) == 0) return p;
    if (p->used < oldest->used) oldest = p;
  }
  if (oldest->used) close(oldest->fd);
  oldest->used = 0;
  oldest->length = length;
  memcpy(oldest->path, path, length);
  oldest->path[length] = '\0';
  return oldest;
}

int inside_parent(struct inside *in, const char *path, const char **name, make_parent *make, void *context) {
  const char *slash = strrchr(path, '/');
  *name = slash ? slash + 1 : path;
  if (!*path) {
    *name = ".";
    return in->fd;
  }
  if (!**name || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
    errno = EINVAL;
    return -1;
  }
  if (!slash) return in->fd;
  size_t length = (size_t)(slash - path);
  if (length >= INSIDE_PATH) {
    errno = ENAMETOOLONG;
    return -1;
  }
  struct parent *parent = find(in, path, length);
  if (!parent->used) {
    parent->fd = open_directory(in->fd, parent->path);
    if (parent->fd < 0 && (errno == ENOENT || errno == ENOTDIR) && make)
      parent->fd = make_directories(in, parent->path, make, context);
    if (parent->fd < 0) return -1;
  }
  parent->used = ++in->clock;
  return parent->fd;
}

void inside_forget(struct inside *in) {
  for (struct parent *p = in->parents; p < in->parents + INSIDE_PARENTS; p++) {
    if (p->used) close(p->fd);
    p->used = 0;
  }
}
