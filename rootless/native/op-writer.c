#define _GNU_SOURCE
#include "op-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "op-stream.h"

enum {
  BUFFER = 1 << 20,
  HEAD = 8,
};

static unsigned char buffer[BUFFER];
static size_t filled;
static int out = -1;

static bool flush(void) {
  for (size_t at = 0; at < filled;) {
    ssize_t n = write(out, buffer + at, filled - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    at += (size_t)n;
  }
  filled = 0;
  return true;
}

static bool add(const void *bytes, size_t length) {
  const unsigned char *from = bytes;
  while (length > 0) {
    if (filled == BUFFER && !flush()) return false;
    size_t n = BUFFER - filled < length ? BUFFER - filled : length;
    memcpy(buffer + filled, from, n);
    filled += n;
    from += n;
    length -= n;
  }
  return true;
}

unsigned char *put_u32(unsigned char *at, uint32_t value) {
  for (int i = 0; i < 4; i++) *at++ = (unsigned char)(value >> (8 * i));
  return at;
}

unsigned char *put_u64(unsigned char *at, uint64_t value) {
  return put_u32(put_u32(at, (uint32_t)value), (uint32_t)(value >> 32));
}

unsigned char *put_time(unsigned char *at, const struct timespec *time) {
  return put_u64(put_u32(at, (uint32_t)time->tv_nsec), (uint64_t)(int64_t)time->tv_sec);
}

static unsigned char *put_head(unsigned char *at, char op, unsigned char below, size_t path, size_t body) {
  *at++ = (unsigned char)op;
  *at++ = below;
  *at++ = (unsigned char)path;
  *at++ = (unsigned char)(path >> 8);
  return put_u32(at, (uint32_t)body);
}

bool writer_begin(int fd) {
  const int size = BUFFER;
  out = fd;
  filled = 0;
  /* Node gives its children sockets for pipes. */
  if (fcntl(fd, F_SETPIPE_SZ, size) < 0) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return add("podops1\n", 8);
}

bool write_op(char op, unsigned char below, const char *path, const void *body, size_t length) {
  unsigned char head[HEAD];
  put_head(head, op, below, strlen(path), length);
  return add(head, HEAD) && add(path, strlen(path)) && add(body, length);
}

bool write_found(char op, unsigned char below, const char *path, const struct stat *about, const void *more, size_t length) {
  unsigned char head[HEAD], meta[META_BYTES];
  put_head(head, op, below, strlen(path), META_BYTES + length);
  unsigned char *at = put_u32(meta, about->st_mode);
  at = put_u32(at, about->st_uid);
  at = put_u32(at, about->st_gid);
  put_time(at, &about->st_mtim);
  return add(head, HEAD) && add(path, strlen(path)) && add(meta, META_BYTES) && add(more, length);
}

unsigned char *data_room(size_t *size) {
  if (BUFFER - filled < HEAD + (BUFFER >> 2) && !flush()) return NULL;
  *size = BUFFER - filled - HEAD;
  return buffer + filled + HEAD;
}

bool write_data(size_t length) {
  put_head(buffer + filled, 'D', 0, 0, length);
  filled += HEAD + length;
  return true;
}

bool writer_end(void) { return write_op('e', 0, "", "", 0) && flush(); }
