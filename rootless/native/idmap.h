#ifndef IDMAP_H
#define IDMAP_H

#include "plan.h"

/*
 * idmap SOURCE PATH FLAGS SUBPATH UIDS GIDS: a bind whose files are shown with other owners. The kernel lets only root of
 * the host do that for a file system of the host's, mount_setattr(2): so a process of the launcher's serves them by
 * FUSE (passthrough.h). It ends with the mount, and so with the container, whatever is killed.
 *
 * Starts those processes: in stage one, so that they are in no pid namespace of the container's, as root of the user namespace.
 */
void start_idmaps(const struct plan *plan);

/* Puts one of the mounts so made into the container's root. */
void mount_idmap(int root, const struct operation *operation);

#endif
