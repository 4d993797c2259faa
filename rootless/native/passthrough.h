/*
 * A FUSE file system that shows a directory tree, or one file, with other owners: linux/fuse.h, fuse(4).
 *
 * The kernel checks all rights (default_permissions) by the owners that are shown; an owner that the tables lack belongs to
 * nobody, and such a file can't be written to, as it is with an idmapped mount. What is made belongs to whom the tables
 * move its maker back to; who isn't in them can make nothing (EOVERFLOW).
 *
 * Each file that the kernel knows is a descriptor (O_PATH), and whatever is asked for is one name in a directory
 * that is open: so whoever changes the tree meanwhile can't lead out of it. Nothing is remembered of sizes and names, so
 * that such changes are seen. Locks are the kernel's, within one mount; sockets and pipes, too.
 */
#ifndef PASSTHROUGH_H
#define PASSTHROUGH_H

#include "id-table.h"

/*
 * Serves `tree` until the mount of `device` is gone. This process is root of the user namespace, with all capabilities. The tables: id
 * on disk, as this namespace has it, to id that is shown. Never returns.
 */
__attribute__((noreturn)) void serve_tree(int device, int tree, const struct id_table *uids, const struct id_table *gids);

#endif
