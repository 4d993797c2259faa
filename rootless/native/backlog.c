#include "backlog.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool backlog_flush(struct backlog *backlog, int fd) {
  while (backlog->length > 0) {
    ssize_t put = write(fd, backlog->data + backlog->from, backlog->length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return true;
    if (put < 0) {
      backlog->length = 0;
      return false;
    }
    backlog->from += (size_t)put;
    backlog->length -= (size_t)put;
  }
  return true;
}

bool backlog_put(struct backlog *backlog, int fd, const char *data, size_t length) {
  memcpy(backlog->data, data, length);
  backlog->from = 0;
  backlog->length = length;
  return backlog_flush(backlog, fd);
}
