#ifndef MOUNTS_H
#define MOUNTS_H

#include <stdbool.h>

#include "plan.h"

/*
 * Opens what `bind` and `root-bind` name, and the root's target, before this process becomes another user: root of a
 * map without the caller's own id can't reach the caller's files. In the mount namespace where they will be used.
 */
void open_sources(const struct plan *plan);

/* The operations that make a container's file tree; `root` is its root directory, seen from outside or as "/". */
void mount_filesystem(int root, const struct operation *operation); /* mount TYPE SOURCE PATH FLAGS DATA */
void mount_bind(int root, const struct operation *operation);       /* bind SOURCE PATH FLAGS [SUBPATH] */
int bound_tree(const struct operation *operation);                  /* the tree of a `bind` or `idmap`, attached nowhere */
void mount_bind_file(int root, int source, const char *path);       /* a file that is open (O_PATH will do) on PATH */
int copy_mount(int fd, const char *path);                           /* a copy of the directory's mount, attached nowhere */
void mount_copy(int root, int tree, const char *path, const char *flags); /* attaches one */
void mask_path(const char *path);                                   /* masked PATH, after the pivot */
void make_readonly(const char *path);                               /* readonly PATH, after the pivot */
void make_root_readonly(void);
/* The same directory without what is mounted in it; `root` is closed. */
int without_mounts(int root, const char *path);
void pivot_to(int root);
void set_propagation(const char *path, const char *words);

/*
 * Carries out the operation that mounts the root itself. A descriptor of the mounted root. *apart: a process serves it
 * from this mount namespace, which must not be the one that the root is used in: else each would keep the other.
 */
int mount_root(const struct plan *plan, bool *apart);
/* One of them, on `target`; overlay.h has another. */
int mount_root_fuse(const struct operation *operation, const char *target);    /* root-fuse ARGV... */
int mount_root_bind(const struct operation *operation, const char *target);    /* root-bind DIR */

#endif
