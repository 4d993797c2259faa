/* Mounts as trees that are copied, changed and attached by descriptors: open_tree(2), mount_setattr(2), move_mount(2). */
#ifndef MOUNT_TREE_H
#define MOUNT_TREE_H

#include <stdbool.h>
#include <stdint.h>

extern const unsigned long propagation_flags;

/* A comma list of the words that rootless/plan.ts calls FLAGS; `-` is none. */
void mount_flags(const char *words, unsigned long *flags, uint64_t *attributes);

/* A path for system calls that take no descriptor. Good until the next call. */
const char *fd_path(int fd);

/*
 * A new file system that is attached nowhere, so that nobody can put anything in its way; `data` as of mount(2). In
 * errors it is mounted on `path`.
 */
int new_tree(const char *type, const char *data, uint64_t attributes, const char *path);

/* A copy of the mount tree at `fd`, not yet attached anywhere. */
int clone_tree(int fd, bool recursive, const char *path);
void set_attributes(int tree, uint64_t attributes, uint64_t propagation, bool recursive, const char *path);
void attach_tree(int tree, int target, const char *path);

#endif
