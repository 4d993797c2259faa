#define _GNU_SOURCE
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"

int open_in_root(int root, const char *path, int flags) {
  struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  int fd;
  /* EAGAIN: a rename raced with the resolution of `..`; openat2(2) asks to try again. */
  for (int tries = 0; tries < 64; tries++) {
    fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return fd;
}

int make_directory_in_root(int root, const char *path) {
  int fd = open_in_root(root, path, O_PATH | O_DIRECTORY);
  if (fd >= 0) return fd;
  if (errno != ENOENT) die_errno("cannot open the directory %s in the container", path);
  const char *name;
  int parent = open_parent_in_root(root, path, &name);
  if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) die_errno("cannot make the directory %s in the container", path);
  close(parent);
  fd = open_in_root(root, path, O_PATH | O_DIRECTORY);
  if (fd < 0) die_errno("cannot open the directory %s in the container", path);
  return fd;
}

int open_parent_in_root(int root, const char *path, const char **name) {
  char *copy = strdup(path);
  if (!copy) die("out of memory");
  size_t length = strlen(copy);
  while (length > 1 && copy[length - 1] == '/') copy[--length] = 0;
  char *slash = strrchr(copy, '/');
  const char *last = slash ? slash + 1 : copy;
  if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) die("cannot make %s in the container", path);
  *name = path + (last - copy);
  if (slash) *slash = 0;
  int parent = make_directory_in_root(root, slash ? copy : "/");
  free(copy);
  return parent;
}

int make_mount_point(int root, const char *path, bool directory) {
  if (directory) return make_directory_in_root(root, path);
  int fd = open_in_root(root, path, O_PATH);
  if (fd >= 0) return fd;
  if (errno != ENOENT) die_errno("cannot open %s in the container", path);
  const char *name;
  int parent = open_parent_in_root(root, path, &name);
  int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) die_errno("cannot make the mount point %s in the container", path);
  close(file);
  close(parent);
  fd = open_in_root(root, path, O_PATH);
  if (fd < 0) die_errno("cannot open %s in the container", path);
  return fd;
}
