#ifndef TSC_POD_REMOVE_H
#define TSC_POD_REMOVE_H

/*
 * Removes `name` in the directory dir_fd, and all below it when it is a directory. Follows no symbolic link and
 * enters no other mount. What is already gone is no error. Goes on after an error, so that as much as possible
 * goes; returns 0, or -1 with errno of the first failure (EBUSY or EXDEV: a mount point is in the way).
 * Not reentrant: one call at a time in a process.
 */
int remove_tree(int dir_fd, const char *name);

/* The same for a path whose parent may be on another mount, and which is named in a message when it fails. */
int remove_path(const char *path);

#endif
