#ifndef USERNS_H
#define USERNS_H

#include <sys/types.h>

#include "plan.h"

/*
 * Writes the plan's id maps for the process `child`, which has made a user namespace: through newuidmap and
 * newgidmap where the plan names them, else straight into /proc. user_namespaces(7), newuidmap(1).
 */
void write_id_maps(const struct plan *plan, pid_t child);
/* AppArmor may let one be made, as on Ubuntu, in which there is no capability: what needs the first one ends with this. */
__attribute__((noreturn)) void die_forbidden(const char *what);
/* Becomes user 0, group 0 of the namespace, with no other group but, with keep-groups, the caller's. */
void become_namespace_root(const struct plan *plan);

#endif
