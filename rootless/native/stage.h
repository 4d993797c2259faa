#ifndef STAGE_H
#define STAGE_H

#include "plan.h"

/*
 * The container's side of a start. Stage one, a child of the monitor, makes the namespaces and mounts the root;
 * stage two, process 1 of the container and a child of the monitor too (CLONE_PARENT), makes its world and becomes
 * its command. Both speak to the monitor over `socket`; `fds` are the command's standard input, output and error.
 */
__attribute__((noreturn)) void stage_one(const struct plan *plan, int socket, const int fds[3]);

#endif
