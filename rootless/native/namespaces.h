#ifndef NAMESPACES_H
#define NAMESPACES_H

#include <stdbool.h>

#include "plan.h"

/* `namespace KIND` in the plan makes a new one, `namespace KIND PATH` joins one, neither shares the caller's. */
bool wants_namespace(const struct plan *plan, const char *kind);
void make_user_namespace(const struct plan *plan);
void make_mount_namespace(const struct plan *plan);
/* Network, ipc and uts namespaces; true when the network namespace is new. Pid and cgroup come later. */
bool make_namespaces(const struct plan *plan);

#endif
