#define _GNU_SOURCE
#include "op-stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  BUFFER = 1 << 20,
  HEAD = 8,
};

static const char MAGIC[8] = "podops1\n";
static unsigned char buffer[BUFFER];

static bool broken(struct stream *s, const char *why) {
  s->broken = why;
  return false;
}

static bool fill(struct stream *s) {
  ssize_t n;
  do n = read(s->fd, buffer, BUFFER);
  while (n < 0 && errno == EINTR);
  s->at = 0;
  s->filled = n > 0 ? (size_t)n : 0;
  if (n < 0) return broken(s, "can't be read");
  return n > 0 || broken(s, "ends too early");
}

size_t stream_data(struct stream *s, const unsigned char **data, size_t most) {
  if (s->at == s->filled && !fill(s)) return 0;
  size_t n = s->filled - s->at < most ? s->filled - s->at : most;
  *data = buffer + s->at;
  s->at += n;
  return n;
}

static bool take(struct stream *s, void *to, size_t length) {
  unsigned char *out = to;
  while (length > 0) {
    const unsigned char *data;
    size_t n = stream_data(s, &data, length);
    if (n == 0) return false;
    memcpy(out, data, n);
    out += n;
    length -= n;
  }
  return true;
}

bool stream_begin(struct stream *s, int fd) {
  const int size = BUFFER;
  char magic[sizeof MAGIC];
  *s = (struct stream){.fd = fd};
  /* Node gives its children sockets for pipes. */
  if (fcntl(fd, F_SETPIPE_SZ, size) < 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  if (!take(s, magic, sizeof magic)) return false;
  return memcmp(magic, MAGIC, sizeof magic) == 0 || broken(s, "is of another version");
}

/* The fewest bytes in the body of an operation; -1: there is no such operation. */
static int least_body(char op) {
  switch (op) {
    case 'd':
    case 'f': return META_BYTES;
    case 'l': return META_BYTES + 1;
    case 'n': return META_BYTES + 8;
    case 'h': return 1;
    case 't': return 12;
    case 'H': return 8;
    case 'x':
    case 'w':
    case 'o':
    case 's':
    case 'e': return 0;
    default: return -1;
  }
}

bool stream_next(struct stream *s, struct record *r) {
  unsigned char head[HEAD];
  if (!take(s, head, sizeof head)) return false;
  const size_t path = (size_t)head[2] | (size_t)head[3] << 8;
  r->op = (char)head[0];
  r->length = u32_at(head + 4);
  if (r->op == 'D') return path == 0 || broken(s, "has data with a name");
  const int least = least_body(r->op);
  if (least < 0 || r->length < (uint32_t)least || r->length > BODY_BYTES || path >= INSIDE_PATH)
    return broken(s, "has an operation that is none");
  if (!take(s, r->path, path) || !take(s, r->body, r->length)) return false;
  r->path[path] = '\0';
  r->body[r->length] = '\0';
  return memchr(r->path, '\0', path) == NULL || broken(s, "has a name with a NUL");
}

uint32_t u32_at(const unsigned char *p) {
  return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t u64_at(const unsigned char *p) { return u32_at(p) | (uint64_t)u32_at(p + 4) << 32; }

struct timespec time_at(const unsigned char *p) {
  return (struct timespec){.tv_sec = (time_t)(int64_t)u64_at(p + 4), .tv_nsec = (long)(u32_at(p) % 1000000000)};
}

struct meta meta_at(const unsigned char *p) {
  return (struct meta){.mode = u32_at(p), .uid = u32_at(p + 4), .gid = u32_at(p + 8), .mtime = time_at(p + 12)};
}
