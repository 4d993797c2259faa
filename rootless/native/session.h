#ifndef SESSION_H
#define SESSION_H

#include <sys/types.h>

#include "plan.h"

enum { SESSION_DETACHED = -2 };

/*
 * Joins the user's terminal to a terminal's master side until the process ends (its exit code) or the detach keys are
 * typed (SESSION_DETACHED).
 */
int terminal_session(const struct plan *plan, pid_t pid, int master, int signals);
/* Goes on after that without the user: what the process writes is lost. Its exit code. */
int terminal_abandoned(pid_t pid, int master, int signals);

#endif
