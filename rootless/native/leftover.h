#ifndef LEFTOVER_H
#define LEFTOVER_H

#include "namespaces.h"

/*
 * Ends every process in a container's mount namespace: where the pid namespace is not the container's own, it doesn't
 * end them with the first one. A process that has left that mount namespace (which wants CAP_SYS_ADMIN) is not found:
 * only a cgroup knows those.
 */
void end_leftover(struct mount_namespace mounts);

#endif
