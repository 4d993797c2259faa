/* Names inside a root directory: every lookup ends in it, whatever symbolic links and dots say. */
#ifndef INSIDE_H
#define INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  INSIDE_PATH = 4096, /* bytes of the longest name, with its NUL */
  INSIDE_PARENTS = 16,
};

struct parent {
  int fd;
  unsigned used;
  size_t length;
  char path[INSIDE_PATH];
};

/* A root, and the directories in it that were used last. Starts as {.fd = root}. */
struct inside {
  int fd;
  unsigned clock;
  struct parent parents[INSIDE_PARENTS];
};

/* How a missing parent is made, by the caller, in the directory fd: 0, or -1 with errno. */
typedef int make_parent(void *context, int fd, const char *name);

/*
 * Opens (O_PATH) the directory that holds `path` and points *name at its last component, inside `path`. Missing
 * directories are made by `make` when it isn't NULL. The descriptor belongs to the cache: don't close it; it
 * stays good over one further call with make NULL. -1 with errno: EINVAL when the last component is "", "." or
 * "..", what `make` leaves in errno, or what openat2(2) does. The root itself is the path "": *name is ".".
 */
int inside_parent(struct inside *in, const char *path, const char **name, make_parent *make, void *context);

/* Forgets all cached directories: to be called whenever something was removed or replaced. */
void inside_forget(struct inside *in);

#endif
