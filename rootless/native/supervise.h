#ifndef SUPERVISE_H
#define SUPERVISE_H

#include "plan.h"

/*
 * Starts the container of a plan and stays with it until it has ended: its exit code.
 * `starter`: a socket that is told MESSAGE_STARTED or MESSAGE_ERROR; -1: errors go to standard error.
 * `link`: an attached client from the start, or -1.
 */
int supervise(const struct plan *plan, int starter, int link);

/* For the relay: serves what is pending at the signal descriptor; sends a signal to the container's first process. */
void supervise_signals(int signals);
void supervise_forward(int number);

/* For a container that is about to be ended: it is started again, or no policy starts it again (RUNTIME/stopped). */
void supervise_restart_after_end(void);
void supervise_stay_ended(void);

#endif
