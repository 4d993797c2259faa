#define _GNU_SOURCE
#include "attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "die.h"
#include "terminal.h"

static char frame[FRAME_MAX + 1];

static bool send_frame(int socket, char type, const void *data, size_t length) {
  struct iovec parts[2] = {{&type, 1}, {(void *)data, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

static void send_size(int socket) {
  struct winsize size;
  for (int fd = 0; fd < 3; fd++) {
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) continue;
    unsigned short rows_columns[2] = {size.ws_row, size.ws_col};
    send_frame(socket, FRAME_SIZE, rows_columns, sizeof rows_columns);
    return;
  }
}

/* The detach keys: a sequence of bytes. What was typed of it is held back until it can't be it any more. */
struct keys {
  const char *sequence;
  size_t length, matched;
};

/* Passes input on without the detach keys; true when they are complete. */
static bool pass_input(int socket, struct keys *keys, const char *data, size_t length) {
  char out[FRAME_MAX];
  size_t used = 0;
  for (size_t i = 0; i < length; i++) {
    if (keys->length && data[i] == keys->sequence[keys->matched]) {
      if (++keys->matched == keys->length) return true;
      continue;
    }
    if (used + keys->matched + 1 > sizeof out) {
      send_frame(socket, FRAME_INPUT, out, used);
      used = 0;
    }
    memcpy(out + used, keys->sequence, keys->matched);
    used += keys->matched;
    keys->matched = keys->length && data[i] == keys->sequence[0] ? 1 : 0;
    if (!keys->matched) out[used++] = data[i];
    else if (keys->matched == keys->length) return true;
  }
  if (used) send_frame(socket, FRAME_INPUT, out, used);
  return false;
}

static void write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t put = write(fd, data, length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return;
    data += put;
    length -= (size_t)put;
  }
}

/* -1: go on; else the exit code. */
static int take_frame(int socket) {
  ssize_t got;
  do got = recv(socket, frame, sizeof frame, 0);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return EXIT_TOOL;
  if (frame[0] == FRAME_EXIT && got > 1) return (unsigned char)frame[1];
  if (frame[0] == FRAME_OUTPUT) write_all(STDOUT_FILENO, frame + 1, (size_t)got - 1);
  if (frame[0] == FRAME_ERRORS) write_all(STDERR_FILENO, frame + 1, (size_t)got - 1);
  return -1;
}

static void take_signal(int signals, int socket) {
  struct signalfd_siginfo info;
  if (read(signals, &info, sizeof info) != sizeof info) return;
  char number = (char)info.ssi_signo;
  if (info.ssi_signo == SIGWINCH) send_size(socket);
  else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE) send_frame(socket, FRAME_SIGNAL, &number, 1);
}

int attach_terminal(const struct plan *plan, int socket) {
  const char *sequence = plan_word(plan, "detach-keys", 1);
  struct keys keys = {sequence, sequence ? strlen(sequence) : 0, 0};
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  int signals = signalfd(-1, &all, SFD_CLOEXEC);
  const char *input = plan_word(plan, "stdin", 1);
  struct pollfd polls[3] = {{socket, POLLIN, 0}, {signals, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  if (!input || strcmp(input, "null") == 0) polls[2].fd = -1;
  if (polls[2].fd >= 0) raw_terminal(STDIN_FILENO);
  send_size(socket);
  int code = -1;
  bool detached = false;
  while (code < 0) {
    if (poll(polls, 3, -1) < 0 && errno != EINTR) die_errno("poll");
    if (polls[1].revents) take_signal(signals, socket);
    if (polls[0].revents) code = take_frame(socket);
    if (code >= 0 || !polls[2].revents) continue;
    char typed[FRAME_MAX / 2];
    ssize_t got = read(STDIN_FILENO, typed, sizeof typed);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0 && (detached = pass_input(socket, &keys, typed, (size_t)got))) code = 0;
    if (got <= 0) {
      send_frame(socket, FRAME_INPUT, NULL, 0);
      polls[2].fd = -1;
    }
  }
  restore_terminal();
  if (detached && isatty(STDOUT_FILENO)) write_all(STDOUT_FILENO, "\n", 1);
  return code;
}
