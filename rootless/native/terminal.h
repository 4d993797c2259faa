#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

#include "plan.h"

/*
 * The end of input that is no terminal, for a program that has one (termios(3), VEOF): the first may only hand over a
 * line that has no end.
 */
#define END_TYPED "\4\4"

struct pty {
  int master, slave; /* -1: none */
};

/* terminal ROWS COLUMNS: opens a pair in the container's own devpts and puts its slave over /dev/console. */
struct pty open_container_terminal(const struct plan *plan, const struct operation *operation);

/* The user's own terminal. raw_terminal() is undone by restore_terminal(), which may be called at any time. */
bool raw_terminal(int fd);
void restore_terminal(void);
/* Remembers which of 0 to 2 is a terminal; from then on terminal_hung_up() tells whether it was closed. */
void watch_terminal(void);
bool terminal_hung_up(void);

#endif
