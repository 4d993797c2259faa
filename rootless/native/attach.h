/*
 * The conversation between a monitor and those attached to its container, over RUNTIME/attach (SOCK_SEQPACKET):
 * one byte that names the frame, then its payload of at most FRAME_MAX bytes.
 */
#ifndef ATTACH_H
#define ATTACH_H

#include "plan.h"

enum frame {
  FRAME_WANT = 'A',   /* to the monitor: one byte, WANT_... together; without it a client gets nothing but the end */
  FRAME_INPUT = 'I',  /* to the monitor: bytes for the container; an empty one is its end */
  FRAME_SIZE = 'W',   /* to the monitor: two unsigned shorts, rows and columns */
  FRAME_REDRAW = 'R', /* to the monitor: the same, of one who has just come: what the terminal shows is drawn anew */
  FRAME_SIGNAL = 'K', /* to the monitor: one byte */
  FRAME_HEALTH = 'H', /* to the monitor: check the health now; from it: one byte, 0: healthy, and the end */
  FRAME_NETWORKS = 'N', /* to the monitor: bring the container back into networks that it has lost */
  FRAME_OUTPUT = 'O', /* from the monitor: standard output, or the terminal */
  FRAME_ERRORS = 'E', /* from the monitor: standard error */
  FRAME_EXIT = 'X',   /* from the monitor: one byte, the exit code */
};

enum { WANT_OUTPUT = 1, WANT_ERRORS = 2, WANT_INPUT = 4 /* the client's own affair */ };

enum { FRAME_MAX = 32768 };

/* attach STREAMS: words of in,out,err, as WANT_... */
unsigned char wanted_streams(const struct plan *plan);
/* Connects to the monitor at ./attach; -1: there is none. */
int connect_monitor(void);
/*
 * Joins the user's streams to the container until it ends (its exit code), the detach keys are typed, or, with nothing
 * but input, that ends (0). `socket` is connected, and the monitor knows what is wanted.
 */
int attach_streams(const struct plan *plan, int socket);

#endif
