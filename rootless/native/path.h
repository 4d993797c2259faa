#ifndef PATH_H
#define PATH_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Paths inside a root directory that may be hostile: every step, links included, stays below `root`
 * (openat2(2), RESOLVE_IN_ROOT). Descriptors are O_PATH unless told, close-on-exec.
 */

/* -1 with errno when it can't be opened. */
int open_in_root(int root, const char *path, int flags);
/* A symbolic link is on the way to `path`, or at its end. */
bool leads_through_link(int root, const char *path);
/* Makes what is missing of a directory's path, mode 0755. Dies when it can't. */
int make_directory_in_root(int root, const char *path);
/*
 * Opens what a mount goes onto; makes it, a directory or an empty file, where it is missing. Dies when it can't, and
 * when links lead to the root itself, or into /proc or /sys.
 */
int make_mount_point(int root, const char *path, bool directory);
/* The directory that holds the last component (made when missing) and, in *name, that component within `path`. */
int open_parent_in_root(int root, const char *path, const char **name);

#endif
