#define _GNU_SOURCE
#include "remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
  LEVELS = 32,        /* directories open at once; what lies deeper is moved up to the top and emptied there */
  DENTS = 16384,      /* bytes of getdents64(2) a level */
  RETRIES = 10000,    /* for all of a tree, while others go on writing in it */
  RENAME_KEEP = 1,    /* RENAME_NOREPLACE of renameat2(2) */
};

/* struct linux_dirent64 of getdents64(2). */
struct dent {
  uint64_t ino;
  int64_t off;
  uint16_t reclen;
  uint8_t type;
  char name[];
};

struct removal {
  int top_fd;          /* what is too deep is moved into this directory */
  unsigned moved;      /* how many were, in all: the number makes the next name */
  unsigned retries;
  int first_errno;
};

static _Alignas(8) unsigned char dents[LEVELS][DENTS];

static int open_in(int fd, const char *name, uint64_t flags) {
  struct open_how how = {
    .flags = flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
    .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(SYS_openat2, fd, name, &how, sizeof how);
}

/* Gives the owner all rights on a directory (O_PATH) that shuts its owner out; true when it could. */
static bool unlock(int fd) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return chmod(path, 0700) == 0;
}

static bool unlock_dir(int fd, const char *name) {
  int child = open_in(fd, name, O_PATH);
  bool done = child >= 0 && unlock(child);
  if (child >= 0)
    close(child);
  return done;
}

static int open_dir(int fd, const char *name) {
  int child = open_in(fd, name, O_RDONLY);
  if (child < 0 && errno == EACCES && unlock_dir(fd, name))
    child = open_in(fd, name, O_RDONLY);
  return child;
}

/* unlinkat(2), once more after the directory was made writable when that was what forbade it. */
static int unlink_in(int fd, const char *name, int flags) {
  if (unlinkat(fd, name, flags) == 0 || errno == ENOENT)
    return 0;
  if (errno != EACCES || fchmod(fd, 0700) != 0) {
    return -1;
  }
  return unlinkat(fd, name, flags) == 0 || errno == ENOENT ? 0 : -1;
}

/* Moves a directory that is too deep into the top one, whose next pass finds it. */
static int move_up(struct removal *r, int fd, const char *name) {
  char moved[32];
  for (int tries = 0; tries < 100; tries++) {
    snprintf(moved, sizeof moved, ".removing-%u", r->moved++);
    if (syscall(SYS_renameat2, fd, name, r->top_fd, moved, RENAME_KEEP) == 0 || errno == ENOENT)
      return 0;
    if (errno == EACCES && !unlock_dir(fd, name))
      return -1;
    if (errno != EEXIST && errno != EACCES)
      return -1;
  }
  return -1;
}

static int empty_dir(struct removal *r, int fd, int level);

static int remove_dir(struct removal *r, int fd, const char *name, int level) {
  for (unsigned emptied = 0;; emptied++) {
    if (unlink_in(fd, name, AT_REMOVEDIR) == 0)
      return 0;
    if (errno == ENOTDIR)
      return unlink_in(fd, name, 0);
    if (errno != ENOTEMPTY && errno != EEXIST)
      return -1;
    if (level + 1 == LEVELS)
      return move_up(r, fd, name);
    int child = open_dir(fd, name);
    if (child < 0 && errno != ENOENT && errno != ENOTDIR)
      return -1;
    if (child >= 0) {
      int bad = empty_dir(r, child, level + 1);
      int error = errno;
      close(child);
      errno = error;
      if (bad)
        return -1;
    }
    if (emptied > 0 && ++r->retries > RETRIES) {
      errno = EAGAIN;
      return -1;
    }
  }
}

static int remove_entry(struct removal *r, int fd, const struct dent *entry, int level) {
  if (entry->type != DT_DIR) {
    if (unlink_in(fd, entry->name, 0) == 0)
      return 0;
    if (errno != EISDIR)
      return -1;
  }
  return remove_dir(r, fd, entry->name, level);
}

/* Removes the entries of fd, one pass. The caller's rmdir tells whether another is needed. */
static int empty_dir(struct removal *r, int fd, int level) {
  int result = 0;
  if (lseek(fd, 0, SEEK_SET) < 0)
    return -1;
  for (;;) {
    long length = syscall(SYS_getdents64, fd, dents[level], DENTS);
    if (length < 0)
      return -1;
    if (length == 0)
      break;
    for (long at = 0; at < length;) {
      const struct dent *entry = (const struct dent *)(dents[level] + at);
      at += entry->reclen;
      if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
        continue;
      if (remove_entry(r, fd, entry, level) != 0) {
        if (r->first_errno == 0)
          r->first_errno = errno;
        result = -1;
      }
    }
  }
  return result;
}

/* The way to the tree is the caller's, and may lead through links and mounts. The tree itself is no mount: rmdir said so. */
static int open_top(int dir_fd, const char *name) {
  const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(dir_fd, name, O_RDONLY | flags);
  if (fd >= 0 || errno != EACCES)
    return fd;
  int locked = openat(dir_fd, name, O_PATH | flags);
  if (locked >= 0 && unlock(locked))
    fd = openat(dir_fd, name, O_RDONLY | flags);
  if (locked >= 0)
    close(locked);
  return fd;
}

int remove_tree(int dir_fd, const char *name) {
  struct removal r = {.top_fd = -1};
  if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
    return 0;
  if (errno != EISDIR && errno != EPERM && errno != EACCES)
    return -1;
  int result = 0;
  for (unsigned moved = 0; result == 0 && unlink_in(dir_fd, name, AT_REMOVEDIR) != 0; moved = r.moved) {
    if (errno != ENOTEMPTY && errno != EEXIST)
      return -1;
    r.top_fd = open_top(dir_fd, name);
    if (r.top_fd < 0)
      return errno == ENOENT ? 0 : -1;
    result = empty_dir(&r, r.top_fd, 0);
    int error = r.first_errno ? r.first_errno : errno;
    close(r.top_fd);
    errno = error;
    if (result == 0 && r.moved == moved && ++r.retries > RETRIES) {
      errno = EAGAIN;
      return -1;
    }
  }
  return result;
}

int remove_path(const char *path) {
  char parent[PATH_MAX];
  const char *slash = strrchr(path, '/');
  int length = slash ? (int)(slash - path) : 0;
  snprintf(parent, sizeof parent, "%.*s%s", length, path, slash ? "/" : ".");
  int dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 && errno == ENOENT) return 0;
  int code = dir < 0 ? -1 : remove_tree(dir, slash ? slash + 1 : path);
  if (code != 0) dprintf(STDERR_FILENO, "Error: cannot remove %s: %s\n", path, strerror(errno));
  if (dir >= 0) close(dir);
  return code;
}
