#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/*
 * cgroup v2 (the kernel's cgroup-v2.rst). cgroup-base PATH: a group delegated to the user; `self` stands for the one
 * that this process is in. The monitor moves into its leaf `monitor` (no process may be beside groups with
 * controllers), cgroup-controllers are enabled in it, and the container gets the group cgroup-container NAME.
 */
void cgroup_make(const struct plan *plan);
void cgroup_place(pid_t pid);
bool cgroup_saw_oom(void);
void cgroup_remove(void);

/* cgroup-join PATH: puts this process into that group. */
void cgroup_join(const struct plan *plan);

#endif
