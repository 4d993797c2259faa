#ifndef WALK_H
#define WALK_H

#include <sys/stat.h>

/* What is called for each entry; `name` is one step below the directory `parent`. 0: go on; else the walk ends with it. */
typedef int walk_visit(void *context, int parent, const char *name, const struct stat *about);

/*
 * Calls `visit` for what is at `path`, then for everything in it, directories before what they hold. Follows no link and
 * leaves the mount for no other. Others may write there meanwhile: what goes away is passed over, and so is what can't be
 * read or lies too deep. What `visit` returned last.
 */
int walk(const char *path, walk_visit *visit, void *context);

#endif
