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
#include "keys.h"
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

static void write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t put = write(fd, data, length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return;
    data += put;
    length -= (size_t)put;
  }
}

enum { GO_ON = -1, LOST = -2, DETACHED = -3 };

/* The exit code, GO_ON, or LOST: the monitor is gone without a word. */
static int take_frame(int socket) {
  ssize_t got;
  do got = recv(socket, frame, sizeof frame, 0);
  while (got < 0 && errno == EINTR);
  if (got <= 0) return LOST;
  if (frame[0] == FRAME_EXIT && got > 1) return (unsigned char)frame[1];
  if (frame[0] == FRAME_OUTPUT) write_all(STDOUT_FILENO, frame + 1, (size_t)got - 1);
  if (frame[0] == FRAME_ERRORS) write_all(STDERR_FILENO, frame + 1, (size_t)got - 1);
  return GO_ON;
}

static void take_signal(int signals, int socket) {
  struct signalfd_siginfo info;
  if (read(signals, &info, sizeof info) != sizeof info) return;
  char number = (char)info.ssi_signo;
  if (info.ssi_signo == SIGWINCH) send_size(socket);
  else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE) send_frame(socket, FRAME_SIGNAL, &number, 1);
}

/* One read of what was typed, to the monitor. true: go on reading. */
static bool take_input(int socket, struct keys *keys, int *code) {
  char typed[FRAME_MAX / 2], out[FRAME_MAX];
  bool detached = false;
  ssize_t got = read(STDIN_FILENO, typed, sizeof typed);
  if (got < 0 && errno == EINTR) return true;
  size_t length = got > 0 ? keys_pass(keys, typed, (size_t)got, out, &detached) : 0;
  if (got <= 0 || length) send_frame(socket, FRAME_INPUT, out, length);
  if (detached) *code = DETACHED;
  return got > 0;
}

/*
 * Input is read only when the monitor's socket takes it at once: it may wait for us to take its output, and each
 * would wait for the other.
 */
static int converse(int socket, int signals, bool input, struct keys *keys) {
  struct pollfd polls[3] = {{socket, POLLIN, 0}, {signals, POLLIN, 0}, {input ? STDIN_FILENO : -1, POLLIN, 0}};
  int code = GO_ON;
  bool typed = false;
  while (code == GO_ON) {
    polls[0].events = (short)(POLLIN | (typed ? POLLOUT : 0));
    polls[2].fd = input && !typed ? STDIN_FILENO : -1;
    if (poll(polls, 3, -1) < 0 && errno != EINTR) die_errno("poll");
    if (polls[1].revents) take_signal(signals, socket);
    if (polls[2].revents) typed = true;
    if (polls[0].revents & ~POLLOUT) code = take_frame(socket);
    else if (polls[0].revents) {
      input = take_input(socket, keys, &code);
      typed = false;
    }
  }
  return code;
}

int attach_terminal(const struct plan *plan, int socket) {
  struct keys keys = keys_of(plan);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  int signals = signalfd(-1, &all, SFD_CLOEXEC);
  const char *word = plan_word(plan, "stdin", 1);
  bool input = word && strcmp(word, "null") != 0;
  if (input) raw_terminal(STDIN_FILENO);
  send_size(socket);
  int code = converse(socket, signals, input, &keys);
  restore_terminal();
  if (code == DETACHED && isatty(STDOUT_FILENO)) write_all(STDOUT_FILENO, "\n", 1);
  if (code == LOST) die_with(128 + SIGKILL, "the container's monitor was killed, and the container with it");
  return code == DETACHED ? 0 : code;
}
