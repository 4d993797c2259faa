#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/*
 * `namespace KIND` in the plan makes a new one, `namespace KIND PATH` joins one, `namespace-of STATE KINDS NAME` joins
 * those of another container; neither shares the caller's.
 */

/* A new one is to be made. */
bool wants_namespace(const struct plan *plan, const char *kind);
/* The user namespace is another's: its id maps are written, and containers in it may look at whoever joins it. */
bool joins_user_namespace(const struct plan *plan);
/* Nobody else need write its id maps: they are another's, or it is made within the hub's namespace (hub-client.h). */
bool maps_own_ids(const struct plan *plan);
void make_user_namespace(const struct plan *plan);
void make_mount_namespace(const struct plan *plan);
/* Network, ipc and uts namespaces, and a cgroup namespace that is joined; true when the network namespace is new. */
bool make_namespaces(const struct plan *plan);
/* Children are made in it from then on, while this process stays where it is: pid_namespaces(7). */
bool joins_pid_namespace(const struct plan *plan);
void join_pid_namespace(const struct plan *plan);
/* The group that this process is in becomes its root. */
void make_cgroup_namespace(const struct plan *plan);

/* That of a process: "user", "net"; dies when it can't be had. */
int open_namespace(pid_t holder, const char *kind);
/* The user namespace of a container whose first stage is the process `stage`, for the monitor; -1 when it can't be had. */
int open_user_namespace(const struct plan *plan, pid_t stage);

/* This process's, by the host's /proc. */
int own_mount_namespace(void);

#endif
