#ifndef TARGET_H
#define TARGET_H

#include "plan.h"

/*
 * Joins the container that a plan names: target PID START or target-state FILE (RUNTIME/state), join KINDS, and
 * cgroup-join PATH or cgroup-join-target (where the target has a cgroup of its own). Children are in its pid namespace.
 * Dies when the container doesn't run.
 */
void join_container(const struct plan *plan);

/*
 * Links in the container are followed below its root and never by way of /proc/PID/fd: a descriptor of this process
 * could lead to the host (CVE-2024-21626).
 */
void enter_directory(const char *path);

#endif
