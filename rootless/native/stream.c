#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "die.h"

bool may_have_stream(int fd) {
  struct stat about;
  if (fstat(fd, &about) < 0) return true;
  return S_ISFIFO(about.st_mode) || (S_ISCHR(about.st_mode) && about.st_rdev == makedev(1, 3));
}

bool same_file(int one, int other) {
  struct stat first, second;
  return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

enum { TERMINAL_KEEPS = 1 << 20 }; /* more than the kernel does, tty_buffer_set_limit() */

long left_in(int fd) {
  int size = fcntl(fd, F_GETPIPE_SZ);
  return size > 0 ? size : TERMINAL_KEEPS;
}

static bool output_lost;

void output_failed(int fd) {
  struct stat about;
  int error = errno;
  bool left = error == EPIPE || error == ECONNRESET || (error == EIO && fstat(fd, &about) == 0 && S_ISCHR(about.st_mode));
  if (left || output_lost) return;
  output_lost = true;
  warn("Error: cannot write to standard %s: %s", fd == STDERR_FILENO ? "error" : "output", strerror(error));
}

int code_after_output(int code) { return output_lost ? EXIT_TOOL : code; }

int await_readable(int fd, int limit_ms) {
  struct pollfd wait = {fd, POLLIN, 0};
  int got;
  do got = poll(&wait, 1, limit_ms);
  while (got < 0 && errno == EINTR);
  return got;
}

int output_pipe(int *read_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) die_errno("pipe");
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  *read_end = ends[0];
  return ends[1];
}

int input_pipe(int *write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) die_errno("pipe");
  fcntl(ends[1], F_SETFL, O_NONBLOCK);
  *write_end = ends[1];
  return ends[0];
}
