#ifndef PACK_H
#define PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { PACK_NOT_THERE = 5 }; /* beside apply.h's statuses: nothing has that path */

/*
 * What is to be written of a tree: to standard output, as rootless/file-ops.ts defines it. A file or directory that
 * others change meanwhile is written as it was at one moment or another; what goes away is left out. No symbolic link
 * is followed on the way down, and nothing but regular files and directories is opened.
 */
struct pack_wish {
  bool follow;  /* a symbolic link at the end of the path */
  bool shallow; /* only the thing itself */
  bool list;    /* no data and no attributes */
  bool marks;   /* of a layer: names `.wh.NAME` hide */
  bool whole;   /* of a layer: it is a copy of those below it, of which only what has changed is written */
  bool settle;  /* of a layer: it is to stay as it is, and so hides by whiteouts alone */
  struct timespec since; /* then: when that copy was whole; 0: not known, and times of change count for nothing */
};

/* Writes what is at `path` below the directory root_fd (never outside of it), under `name`. An exit status. */
int pack_path(int root_fd, const char *path, const char *name, const struct pack_wish *wish);

/*
 * Writes a writable layer: what it hides, and of each name whether the layers below, the topmost first, have it. All
 * are open directories. Owners of those below are looked at as copy_owners() moves them. An exit status.
 */
int pack_layer(int upper_fd, int *lower_fds, size_t lower_count, const struct pack_wish *wish);

#endif
