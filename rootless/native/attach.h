/*
 * The conversation between a monitor and those attached to its container, over RUNTIME/attach (SOCK_SEQPACKET):
 * one byte that names the frame, then its payload of at most FRAME_MAX bytes.
 */
#ifndef ATTACH_H
#define ATTACH_H

#include "plan.h"

enum frame {
  FRAME_INPUT = 'I',  /* to the monitor: bytes for the container; an empty one is its end */
  FRAME_SIZE = 'W',   /* to the monitor: two unsigned shorts, rows and columns */
  FRAME_SIGNAL = 'K', /* to the monitor: one byte */
  FRAME_HEALTH = 'H', /* to the monitor: check the health now; from it: one byte, 0: healthy, and the end */
  FRAME_OUTPUT = 'O', /* from the monitor: standard output, or the terminal */
  FRAME_ERRORS = 'E', /* from the monitor: standard error */
  FRAME_EXIT = 'X',   /* from the monitor: one byte, the exit code */
};

enum { FRAME_MAX = 32768 };

/*
 * Joins the user's terminal to the container until it ends (its exit code) or the detach keys are typed (0).
 * `socket` is connected.
 */
int attach_terminal(const struct plan *plan, int socket);

#endif
