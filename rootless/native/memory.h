#ifndef MEMORY_H
#define MEMORY_H

#include "plan.h"

/*
 * mount-memory DIR copy|empty PATH FLAGS DATA: a volume in memory, which all containers share that run with it. Who comes
 * first makes the tmpfs (with a copy of what was at PATH); the others take a copy of its mount out of the world of one that
 * has it. It is gone with the last.
 *
 *   DIR/memory       lines `STATE tab PATH`: RUNTIME/state (record.h) of a container that has it, and where
 *   DIR/memory.lock  locked (flock(2)) by who starts, from the look at these lines until its own is there
 *
 * What is at PATH is whatever the other container has put there: nothing but a tmpfs is taken.
 */

/* For the monitor, before there is a stage: takes what others have. */
void memory_take(const struct plan *plan);
/* For the stage: mounts what was taken, or makes it. */
void mount_memory(int root, const struct operation *operation);
/* For the monitor, when RUNTIME/state tells of the container: writes its lines. */
void memory_tell(const struct plan *plan);
/* When the command runs: before that nobody may join the container's namespaces, ptrace(2). */
void memory_let_in(const struct plan *plan);

#endif
