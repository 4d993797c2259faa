#ifndef BACKLOG_H
#define BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

enum { BACKLOG_MAX = 32768 };

/*
 * Bytes on their way to a descriptor that takes no more just now. Who feeds a command must not wait for it: it may
 * itself wait until its output is read, by the same process. Nothing is added until it is empty.
 */
struct backlog {
  char data[BACKLOG_MAX];
  size_t from, length;
};

/* Writes what the descriptor (O_NONBLOCK) takes and keeps the rest. false: it will never take any more. */
bool backlog_put(struct backlog *backlog, int fd, const char *data, size_t length);
bool backlog_flush(struct backlog *backlog, int fd);

#endif
