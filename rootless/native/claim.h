#ifndef CLAIM_H
#define CLAIM_H

#include <stdbool.h>

#include "plan.h"

/*
 * A container has one monitor: the holder of a lock (flock(2)) on the container's directory.
 *
 * Takes the lock and makes the runtime directory, empty but for the plan's runtime-files; DIR/runtime leads to it. A
 * plan with a restart policy becomes RUNTIME/plan. Waits for a monitor that is about to start or to end, and two seconds
 * for who copies files (`hold` of the enter role). RUNTIME/starter: the process that starts it, and its start time.
 * false: the container runs already. Dies when it is gone, or still held.
 */
bool claim_container(const struct plan *plan);
/* Of a monitor that has executed itself anew and has kept the lock at the descriptor `lock`. */
void claim_inherited(int lock);
int claim_lock(void);
/* Before a process that is not the monitor goes on: only the monitor may hold the lock. */
void claim_let_go(void);

/*
 * Dies when the container has been removed. Who removes it renames its directory and then looks who runs: after the
 * state is written, either this sees that it is gone, or they see this one, and end it.
 */
void claim_check(const struct plan *plan);

/* Removes a directory that holds nothing but files. */
void remove_runtime(const char *path);

#endif
