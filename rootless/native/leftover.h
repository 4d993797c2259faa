#ifndef LEFTOVER_H
#define LEFTOVER_H

/*
 * Ends every process in a container's mount namespace, which was held open as long as the container was there: the number
 * of one that is gone is given to the next container's. Where the pid namespace is not the container's own, it doesn't
 * end them with the first one. A process that has left that mount namespace (which wants CAP_SYS_ADMIN) is not found:
 * only a cgroup knows those.
 */
void end_leftover(int mounts);

#endif
