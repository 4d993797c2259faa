/*
 * Messages between the monitor and the processes that it starts, over a SOCK_SEQPACKET pair:
 * one byte that names the message, then its payload, with at most one descriptor.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum message_type {
  MESSAGE_NAMESPACES = 'N', /* the namespaces are made */
  MESSAGE_MAPPED = 'M',     /* the id maps are written */
  MESSAGE_PID = 'P',        /* payload: pid_t of the container's first process, as the monitor sees it */
  MESSAGE_READY = 'R',      /* the world is made; a descriptor: the terminal's master side */
  MESSAGE_GO = 'G',         /* execute the command */
  MESSAGE_STARTED = 'S',    /* the command runs */
  MESSAGE_STATUS = 'W',     /* payload: int of wait(2), how the command has ended */
  MESSAGE_ATTACH = 'A',     /* to the hub: container id NUL network id NUL plan, a descriptor: the network namespace (hub.h) */
  MESSAGE_DETACH = 'D',     /* to the hub: the same */
  MESSAGE_CHANGE = 'C',     /* to the hub: the same, for names and routes of who is in the network */
  MESSAGE_HOLD = 'H',       /* to the hub: container id, which is in its networks as long as this connection is open */
  MESSAGE_JOIN = 'J',       /* to a network, by way of the hub: hub-names.h; a descriptor: who is told MESSAGE_STARTED */
  MESSAGE_LEAVE = 'L',      /* to a network, and to the hub by who has taken it out: network id NUL container id NUL */
  MESSAGE_ERROR = 'E',      /* payload: one byte of exit code, then the text to print; from who is at work for the hub behind what MESSAGE_LEAVE has */
};

struct message {
  size_t length; /* of data, without the type; 0 with type 0 at end of file */
  int fd;        /* -1: none */
  unsigned char type;
  char data[4096];
};

bool send_message(int socket, unsigned char type, const void *data, size_t length, int fd);
bool send_error(int socket, int code, const char *text, size_t length);
/* Blocks for the next message; false at end of file. */
bool receive_message(int socket, struct message *message);

/* A connected pair, close-on-exec. */
void message_pair(int sockets[2]);
/* fork(2): each of both has one end of a pair. Dies when there can be no child. */
pid_t fork_with_socket(int *socket);

#endif
