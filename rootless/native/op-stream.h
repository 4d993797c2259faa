/* Reads the stream of file operations that rootless/file-ops.ts defines. */
#ifndef OP_STREAM_H
#define OP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "inside.h"

enum {
  META_BYTES = 24,
  BODY_BYTES = 1 << 16, /* also XATTR_SIZE_MAX of linux/limits.h */
};

struct stream {
  int fd;
  size_t at, filled;  /* of its buffer, what was read and not yet taken */
  const char *broken; /* after a failure: why, to be put after "the stream of file operations" */
};

/* One operation. The data of 'D' follows in the stream; everything else is here, whole, and ends in a NUL. */
struct record {
  char op;
  uint32_t length;
  char path[INSIDE_PATH];
  unsigned char body[BODY_BYTES + 1];
};

struct meta {
  uint32_t mode, uid, gid;
  struct timespec mtime;
};

/* Begins to read a stream. There is one buffer, so one stream at a time. False: see broken. */
bool stream_begin(struct stream *s, int fd);
/* Reads the next operation; bodies are at least as long as their operation needs. False: see broken. */
bool stream_next(struct stream *s, struct record *r);
/* Gives some, at most `most`, of the data of a 'D'; they are good until the next call. 0: see broken. */
size_t stream_data(struct stream *s, const unsigned char **data, size_t most);

uint32_t u32_at(const unsigned char *p);
uint64_t u64_at(const unsigned char *p);
struct timespec time_at(const unsigned char *p);
struct meta meta_at(const unsigned char *p);

#endif
