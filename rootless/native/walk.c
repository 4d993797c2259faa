#define _GNU_SOURCE
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"

enum { DENTS = 1 << 15, DEPTH = 20000 /* a descriptor and some 200 bytes of stack each */ };

/* struct linux_dirent64 of getdents64(2). */
struct dent {
  uint64_t ino;
  int64_t off;
  uint16_t reclen;
  uint8_t type;
  char name[];
};

struct walker {
  walk_visit *visit;
  void *context;
};

static _Alignas(8) unsigned char dents[DENTS];

/* Names, each with its NUL. */
struct names {
  char *text;
  size_t used, size;
};

static void keep(struct names *names, const char *name) {
  size_t length = strlen(name) + 1;
  if (names->used + length > names->size) {
    names->size = names->size * 2 + length + 256;
    names->text = realloc(names->text, names->size);
    if (!names->text) die("out of memory");
  }
  memcpy(names->text + names->used, name, length);
  names->used += length;
}

static int open_directory(int parent, const char *name) {
  struct open_how how = {
    .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
    .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
}

static int visit_entry(struct walker *walker, int directory, const char *name, struct names *directories) {
  struct stat about;
  if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return 0;
  if (fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  int code = walker->visit(walker->context, directory, name, &about);
  if (code == 0 && S_ISDIR(about.st_mode)) keep(directories, name);
  return code;
}

static int walk_directory(struct walker *walker, int directory, unsigned depth) {
  struct names directories = {0};
  int code = 0;
  for (long length; code == 0 && (length = syscall(SYS_getdents64, directory, dents, DENTS)) > 0;)
    for (long at = 0; at < length && code == 0;) {
      const struct dent *entry = (const struct dent *)(dents + at);
      at += entry->reclen;
      code = visit_entry(walker, directory, entry->name, &directories);
    }
  for (size_t at = 0; at < directories.used && code == 0 && depth < DEPTH; at += strlen(directories.text + at) + 1) {
    int child = open_directory(directory, directories.text + at);
    if (child < 0) continue;
    code = walk_directory(walker, child, depth + 1);
    close(child);
  }
  free(directories.text);
  return code;
}

int walk(const char *path, walk_visit *visit, void *context) {
  struct walker walker = {visit, context};
  struct stat about;
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (fstatat(AT_FDCWD, path, &about, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  int code = visit(context, AT_FDCWD, path, &about);
  int directory = code == 0 && S_ISDIR(about.st_mode) ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  if (directory < 0) return code;
  code = walk_directory(&walker, directory, 1);
  close(directory);
  return code;
}
