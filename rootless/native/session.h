#ifndef SESSION_H
#define SESSION_H

#include <sys/types.h>

#include "plan.h"

/* Joins the user's terminal to a terminal's master side until the process ends: its exit code; 0 when detached. */
int terminal_session(const struct plan *plan, pid_t pid, int master, int signals);

#endif
