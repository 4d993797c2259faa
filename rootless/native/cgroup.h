#ifndef CGROUP_H
#define CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/*
 * cgroup v2 (the kernel's cgroup-v2.rst); rootless/cgroup/plan.ts defines the operations. The monitor moves into the
 * base's leaf `monitor`, since no process may be beside groups that have controllers; the container gets a group too.
 */
/* Moves this process into the base's leaf: to be called before anything is forked, for what stays in the base itself
 * keeps it from handing down controllers. `again`: a monitor that has executed itself anew does. */
void cgroup_enter(const struct plan *plan, bool again);
/* The container's group and its limits, before any process of the container is started. Dies when they can't be had. */
void cgroup_make(const struct plan *plan);
void cgroup_place(pid_t pid);
/* Ends every process of the container's group, where it has one (Linux 5.14). */
void cgroup_kill(void);
bool cgroup_saw_oom(void);
void cgroup_remove(void);

/* cgroup-join PATH: puts this process into that group. */
void cgroup_join(const struct plan *plan);
/* The group of that container, where it has one of its own. */
void cgroup_join_target(pid_t pid);

#endif
