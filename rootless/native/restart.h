#ifndef RESTART_H
#define RESTART_H

#include <stdbool.h>

#include "plan.h"

/*
 * restart POLICY MAX: what a monitor does when its container has ended. For a start anew it executes itself, with
 * RUNTIME/plan as that is by then: every start is a whole one. What must not be lost goes over to the next image: the
 * lock, the socket at RUNTIME/attach, those connected to it, and the counts below.
 */

/* Reads the word by which the last image calls this one, takes over its descriptors, and closes all others. */
void restart_resume(const char *word);
/* Whether this start was made by a policy. */
bool restart_is_one(void);
/* How often the policy has started it. */
int restart_count(void);

/* RUNTIME/stopped: `stop` or `kill` wants it to end. */
bool restart_forbidden(void);
/* Whether a container that has ended with this code is to be started anew; `anyhow`: by any policy, even `no`. */
bool restart_wanted(const struct plan *plan, int code, bool anyhow);
/* Milliseconds until then. `ran`: seconds for which the container ran. */
int restart_delay(double ran);
__attribute__((noreturn)) void restart_now(void);

#endif
