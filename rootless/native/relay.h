#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>

#include "plan.h"

/*
 * The container's standard streams as the monitor sees them: pipes or a terminal on one side; on the other the
 * monitor's own standard output, the log, and those attached over RUNTIME/attach.
 */
struct relay {
  int output, errors; /* read ends, or the terminal's master side as output; -1: none */
  int input;          /* write end of the container's standard input; -1: none */
  int source;         /* where the foreground's input is read from; -1: the command has it as it is, or has none */
  bool terminal;
  bool foreground; /* output goes to the monitor's own standard output and error too */
};

/* Fills `fds` with what the command gets, and `close_after` with those to close once it has them (-1: none). */
void relay_prepare(const struct plan *plan, struct relay *relay, int fds[3], int close_after[3]);
/* The container's terminal, once it is made. */
void relay_terminal(struct relay *relay, int master);
/*
 * Moves what can be moved, once, and serves those connected; returns after `timeout` milliseconds at the latest (-1: no
 * limit), and when a signal is pending at the descriptor `signals`.
 */
void relay_step(struct relay *relay, int signals, int timeout);
/* Moves what the ended container has left behind, and closes what it had. */
void relay_drain(struct relay *relay, int signals);
/* Tells all clients that it is over. */
void relay_end(struct relay *relay, int signals, int code);

#endif
