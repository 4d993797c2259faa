#define _GNU_SOURCE
#include "walk.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptors.h"
#include "directory-names.h"

enum { DEPTH = 20000 /* a descriptor and some 100 bytes of stack each */ };

struct walker {
  walk_visit *visit;
  void *context;
};

static int open_directory(int parent, const char *name) {
  struct open_how how = {
    .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
    .resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  return (int)syscall(SYS_openat2, parent, name, &how, sizeof how);
}

/* All of a directory before what lies deeper: the kernel has it at hand. */
static int visit_all(struct walker *walker, int directory, const struct names *names) {
  int code = 0;
  for (const char *name = names->text; *name && code == 0; name += strlen(name) + 1) {
    struct stat about;
    if (fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) == 0) code = walker->visit(walker->context, directory, name, &about);
  }
  return code;
}

static int walk_directory(struct walker *walker, int directory, unsigned depth) {
  struct names names;
  int code = 0;
  if (depth > DEPTH || list_names(directory, &names) < 0) return 0;
  code = visit_all(walker, directory, &names);
  for (const char *name = names.text; *name && code == 0; name += strlen(name) + 1) {
    int child = open_directory(directory, name);
    if (child < 0) continue;
    code = walk_directory(walker, child, depth + 1);
    close(child);
  }
  free(names.text);
  return code;
}

int walk(const char *path, walk_visit *visit, void *context) {
  struct walker walker = {visit, context};
  struct stat about;
  allow_descriptors();
  if (fstatat(AT_FDCWD, path, &about, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  int code = visit(context, AT_FDCWD, path, &about);
  int directory = code == 0 && S_ISDIR(about.st_mode) ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
  if (directory < 0) return code;
  code = walk_directory(&walker, directory, 1);
  close(directory);
  return code;
}
