#define _GNU_SOURCE
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "die.h"

static int resolve(int root, const char *path, int flags, unsigned long long how_to_resolve) {
  struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | how_to_resolve};
  int fd;
  /* EAGAIN: a rename, be it anybody's, raced with the resolution of `..`; openat2(2) asks to try again. */
  for (int tries = 0; tries < 1000; tries++) {
    fd = (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return fd;
}

int open_in_root(int root, const char *path, int flags) { return resolve(root, path, flags, RESOLVE_NO_MAGICLINKS); }

bool leads_through_link(int root, const char *path) {
  int fd = resolve(root, path, O_PATH, RESOLVE_NO_SYMLINKS);
  if (fd < 0) return errno == ELOOP;
  close(fd);
  return false;
}

enum { LINKS_MAX = 40 }; /* path_resolution(7) */

static int make_directory(int root, const char *path, int links);

static int open_parent(int root, const char *path, const char **name, int links) {
  char *copy = strdup(path);
  if (!copy) die("out of memory");
  size_t length = strlen(copy);
  while (length > 1 && copy[length - 1] == '/') copy[--length] = 0;
  char *slash = strrchr(copy, '/');
  const char *last = slash ? slash + 1 : copy;
  if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) die("cannot make %s in the container", path);
  *name = path + (last - copy);
  if (slash) *slash = 0;
  int parent = make_directory(root, slash ? copy : "/", links);
  free(copy);
  return parent;
}

/*
 * Images have links to what is made later (/etc/resolv.conf to a file below /run): what is missing is made where the
 * link leads. Gives that as a path in the root, or NULL when the last component of `path` is no link.
 */
static char *behind_link(int parent, const char *path, const char *name) {
  char target[4096];
  ssize_t length = readlinkat(parent, name, target, sizeof target);
  if (length <= 0 || (size_t)length == sizeof target) return NULL;
  size_t before = target[0] == '/' ? 0 : (size_t)(name - path);
  char *whole = malloc(before + (size_t)length + 1);
  if (!whole) die("out of memory");
  memcpy(whole, path, before);
  memcpy(whole + before, target, (size_t)length);
  whole[before + (size_t)length] = 0;
  return whole;
}

static int make_directory(int root, const char *path, int links) {
  int fd = open_in_root(root, path, O_PATH | O_DIRECTORY);
  if (fd >= 0) return fd;
  if (errno != ENOENT) die_errno("cannot open the directory %s in the container", path);
  const char *name;
  int parent = open_parent(root, path, &name, links);
  bool exists = mkdirat(parent, name, 0755) < 0;
  if (exists && errno != EEXIST) die_errno("cannot make the directory %s in the container", path);
  char *behind = exists && links < LINKS_MAX ? behind_link(parent, path, name) : NULL;
  close(parent);
  fd = behind ? make_directory(root, behind, links + 1) : open_in_root(root, path, O_PATH | O_DIRECTORY);
  free(behind);
  if (fd < 0) die_errno("cannot open the directory %s in the container", path);
  return fd;
}

static int make_file(int root, const char *path, int links) {
  int fd = open_in_root(root, path, O_PATH);
  if (fd >= 0) return fd;
  if (errno != ENOENT) die_errno("cannot open %s in the container", path);
  const char *name;
  int parent = open_parent(root, path, &name, links);
  int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0 && errno != EEXIST) die_errno("cannot make the mount point %s in the container", path);
  char *behind = file < 0 && links < LINKS_MAX ? behind_link(parent, path, name) : NULL;
  close(parent);
  if (file >= 0) close(file);
  fd = behind ? make_file(root, behind, links + 1) : open_in_root(root, path, O_PATH);
  free(behind);
  if (fd < 0) die_errno("cannot open %s in the container", path);
  return fd;
}

int make_directory_in_root(int root, const char *path) { return make_directory(root, path, 0); }

int open_parent_in_root(int root, const char *path, const char **name) { return open_parent(root, path, name, 0); }

static bool is_same(int one, int other) {
  struct stat first, second;
  return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* What is masked, read-only or set there is named by its path, and would be another's: /proc/self and /proc/sys, too. */
static bool is_of_kernel(int fd) {
  struct statfs about;
  return fstatfs(fd, &about) == 0 && (about.f_type == PROC_SUPER_MAGIC || about.f_type == SYSFS_MAGIC);
}

/* What is mounted on the root would lie above the world that is made, where no path but `..` of the root leads. */
int make_mount_point(int root, const char *path, bool directory) {
  int fd = directory ? make_directory(root, path, 0) : make_file(root, path, 0);
  if (is_same(fd, root)) die("cannot mount on %s: links of the image lead from there to its root", path);
  if (is_of_kernel(fd) && leads_through_link(root, path)) die("cannot mount on %s: links of the image lead from there into /proc or /sys", path);
  return fd;
}
