#ifndef HEALTH_H
#define HEALTH_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/*
 * Health checks, by the monitor: at its intervals it starts the launcher with ./health-plan (check.h) and keeps
 * DIR/health, JSON as docker's State.Health: Status, FailingStreak, Log of the last checks. Without the operation
 * `health` nothing happens in any of these.
 */

/* The container runs from now on. */
void health_open(const struct plan *plan);
/* Milliseconds until health_tick() has something to do; -1: never. For poll(2). */
int health_timeout_ms(void);
/* Does what is due: starts a check, ends one that hangs. Never waits. */
void health_tick(void);
/* A child has ended. true: it was a check; what it has said is taken. */
bool health_reaped(pid_t pid);
/* `client`, a socket that is this file's from now on, gets FRAME_HEALTH with the result of a check that is made at once. */
void health_ask(int client);
/* The container has ended: a check that goes on is killed. */
void health_close(void);

#endif
