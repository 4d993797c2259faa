#ifndef PROCESS_H
#define PROCESS_H

#include "plan.h"

/*
 * Becomes the container's process: limits, user, capabilities, seccomp filter, then execve(2). `report` (close-on-exec)
 * is told of a failure, and sees end of file when the command runs. Descriptors above 2 are closed.
 */
__attribute__((noreturn)) void become_command(const struct plan *plan);

#endif
