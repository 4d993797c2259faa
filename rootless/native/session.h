#ifndef SESSION_H
#define SESSION_H

#include <sys/types.h>

#include "plan.h"

enum { SESSION_DETACHED = -2, SESSION_HUNG_UP = -3 };

/*
 * Joins the user's terminal to a terminal's master side until the process ends (its exit code) or the detach keys are
 * typed (SESSION_DETACHED), or the user's terminal is closed (SESSION_HUNG_UP).
 */
int terminal_session(const struct plan *plan, pid_t pid, int master, int signals);
/* Goes on after that without the user: what the process writes is lost. `master` -1: is closed. Its exit code. */
int terminal_abandoned(pid_t pid, int master, int signals);

#endif
