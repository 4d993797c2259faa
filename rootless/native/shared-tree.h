#ifndef SHARED_TREE_H
#define SHARED_TREE_H

#include "plan.h"

/*
 * bind-of STATE SOURCE PATH FLAGS: a directory of another container's file tree, whose processes may have put
 * anything there: what is taken is below that container's root, and no link leads to it.
 */

/* Takes a copy of the mount of each, in the other's user namespace, before this process leaves the host's pid namespace. */
void take_shared_trees(const struct plan *plan);
void mount_shared_tree(int root, const struct operation *operation);

#endif
