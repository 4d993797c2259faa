#ifndef CLIENTS_H
#define CLIENTS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Those connected to RUNTIME/attach (attach.h says what is spoken). A client gets the streams that it asked for, and
 * how the container ended in any case.
 *
 * Back pressure: the next output is read when all clients have taken the last one, so that nothing is lost and no more
 * than one piece is kept. A client that takes nothing for STALL_MS is let go, since others wait for it; but not the one
 * that started the container in its foreground, which is what the command's output goes to, like a pipe.
 */
enum { CLIENTS_MAX = 128, STALL_MS = 10000 };

/* Listens at ./attach. `link`: connected from the start, in the foreground, with these streams (WANT_...); or -1. */
void clients_listen(int link, unsigned char streams);

/* Fills in what to wait for, and gives how many: at most CLIENTS_MAX + 1. `input`: whether frames can be taken. */
int clients_watch(struct pollfd *polls, bool input);
/* Milliseconds until one has to be let go; -1: never. */
int clients_timeout(void);

/* A frame of a client's, with its first byte at frame[0]. true: the client's descriptor is the callee's from now on. */
typedef bool take_frame(void *context, int client, const char *frame, size_t length);
/* Serves what clients_watch() asked for. */
void clients_serve(const struct pollfd *polls, int count, take_frame *take, void *context);

/* Those who have connected just before the end are to be told of it, too. */
void clients_accept_last(void);
/* From here on input stays where it is, for the next image of this process. */
void clients_hold_input(void);
/* Hands out a piece of output, which must stay until clients_waiting() is false. */
void clients_offer(char frame, const char *data, size_t length);
bool clients_waiting(void);
/* Lets go of all of those, also of the one that has started the container. */
void clients_drop_waiting(void);
/* Whether one has ended the container's input. */
bool clients_ended_input(void);

/* What goes over to the next image of this process: their descriptors, the listener first, and a word about each. */
int clients_keep(int *fds, char *words);
void clients_inherited(int first, const char *words);

#endif
