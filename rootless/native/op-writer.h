/* Writes the stream of file operations that rootless/file-ops.ts defines. One stream at a time. */
#ifndef OP_WRITER_H
#define OP_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Begins a stream on `fd`. False with errno, as all of these: it can't be written. */
bool writer_begin(int fd);

/* An operation whose body is `length` bytes, at most BODY_BYTES of op-stream.h, or more of several bodies one behind the other. */
bool write_op(char op, unsigned char below, const char *path, const void *body, size_t length);
/* An operation whose body is the owner, mode and time of `about`, and then `length` bytes of `more`. */
bool write_found(char op, unsigned char below, const char *path, const struct stat *about, const void *more, size_t length);

/* Room for some data: where to put it, and how much fits. Then write_data says how much there is. */
unsigned char *data_room(size_t *size);
bool write_data(size_t length);

/* The end of the stream. */
bool writer_end(void);

unsigned char *put_u32(unsigned char *at, uint32_t value);
unsigned char *put_u64(unsigned char *at, uint64_t value);
unsigned char *put_time(unsigned char *at, const struct timespec *time);

#endif
