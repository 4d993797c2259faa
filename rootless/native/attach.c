#define _GNU_SOURCE
#include "attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "die.h"
#include "keys.h"
#include "roles.h"
#include "stream.h"
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

static void send_size(int socket, char frame_type) {
  struct winsize size;
  for (int fd = 0; fd < 3; fd++) {
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) continue;
    unsigned short rows_columns[2] = {size.ws_row, size.ws_col};
    send_frame(socket, frame_type, rows_columns, sizeof rows_columns);
    return;
  }
}

static void write_all(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t put = write(fd, data, length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      output_failed(fd);
      return;
    }
    data += put;
    length -= (size_t)put;
  }
}

enum { GO_ON = -1, LOST = -2, DETACHED = -3, HUNG_UP = -4 };

unsigned char wanted_streams(const struct plan *plan) {
  const char *words = plan_word(plan, "attach", 1);
  if (!words) return 0;
  return (unsigned char)((strstr(words, "out") ? WANT_OUTPUT : 0) | (strstr(words, "err") ? WANT_ERRORS : 0) |
                         (strstr(words, "in") ? WANT_INPUT : 0));
}

int connect_monitor(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "attach"};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

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

/* Ends this process as the signal would have. */
static void end_by(int number) {
  sigset_t one;
  restore_terminal();
  signal(number, SIG_DFL);
  raise(number);
  sigemptyset(&one);
  sigaddset(&one, number);
  sigprocmask(SIG_UNBLOCK, &one, NULL);
}

static void take_signal(const struct plan *plan, int signals, int socket) {
  struct signalfd_siginfo info;
  if (read(signals, &info, sizeof info) != sizeof info) return;
  char number = (char)info.ssi_signo;
  if (info.ssi_signo == SIGWINCH) send_size(socket, FRAME_SIZE);
  else if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGPIPE) return;
  else if (plan_find(plan, "no-sig-proxy")) end_by(number);
  else send_frame(socket, FRAME_SIGNAL, &number, 1);
}

/* One read of what was typed, to the monitor. true: go on reading. */
static bool take_input(int socket, struct keys *keys, int *code) {
  char typed[FRAME_MAX / 2], out[FRAME_MAX];
  bool detached = false;
  ssize_t got = read(STDIN_FILENO, typed, sizeof typed);
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && errno == EIO) return false; /* a process in the background can't read its terminal: that isn't the input's end */
  size_t length = got > 0 ? keys_pass(keys, typed, (size_t)got, out, &detached) : 0;
  if (length || (got <= 0 && !terminal_hung_up())) send_frame(socket, FRAME_INPUT, out, length);
  if (detached) *code = DETACHED;
  return got > 0;
}

/*
 * Input is read only when the monitor's socket takes it at once: it may wait for us to take its output, and each
 * would wait for the other. `streams`: WANT_...
 */
static int converse(const struct plan *plan, int socket, int signals, unsigned char streams, struct keys *keys) {
  bool input = streams & WANT_INPUT, typed = false;
  struct pollfd polls[3] = {{socket, POLLIN, 0}, {signals, POLLIN, 0}, {-1, POLLIN, 0}};
  int code = GO_ON;
  while (code == GO_ON) {
    polls[0].events = (short)(POLLIN | (typed ? POLLOUT : 0));
    polls[2].fd = input && !typed ? STDIN_FILENO : -1;
    if (poll(polls, 3, -1) < 0 && errno != EINTR) die_errno("poll");
    if ((polls[1].revents || polls[2].revents) && terminal_hung_up()) return HUNG_UP;
    if (polls[1].revents) take_signal(plan, signals, socket);
    if (polls[2].revents) typed = true;
    if (polls[0].revents & ~POLLOUT) code = take_frame(socket);
    else if (polls[0].revents) {
      input = take_input(socket, keys, &code);
      typed = false;
      if (!input && streams == WANT_INPUT && code == GO_ON) return 0;
    }
  }
  return code;
}

/* Nobody is there any more. The container is told as a process of that terminal would be; what it makes of it is its affair. */
static void hang_up(const struct plan *plan, int socket) {
  char number = SIGHUP;
  if (!plan_find(plan, "no-sig-proxy")) send_frame(socket, FRAME_SIGNAL, &number, 1);
  end_by(SIGHUP);
}

/* A monitor removes RUNTIME/state at the container's end; one that was killed has left it there. */
static void explain_loss(void) {
  bool monitored = connect_monitor() >= 0;
  if (!monitored && access("state", F_OK) == 0)
    die_with(128 + SIGKILL, "the container's monitor was killed, and the container with it");
  set_hint(monitored ? "tsc-pod logs   # shows what it wrote since" : "tsc-pod ps -a   # shows how, tsc-pod logs what it wrote");
  if (!monitored) die("the container has ended while nobody took its output here");
  die("detached from the container: nobody took its output here, and others waited for it");
}

int attach_streams(const struct plan *plan, int socket) {
  bool terminal = plan_find(plan, "terminal");
  struct keys keys = terminal ? keys_of(plan) : (struct keys){NULL, 0, 0};
  unsigned char streams = wanted_streams(plan);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  int signals = signalfd(-1, &all, SFD_CLOEXEC);
  watch_terminal();
  if (terminal && streams & WANT_INPUT) raw_terminal(STDIN_FILENO);
  if (terminal) send_size(socket, strcmp(plan->role, "attach") == 0 ? FRAME_REDRAW : FRAME_SIZE);
  int code = converse(plan, socket, signals, streams, &keys);
  restore_terminal();
  if (code == DETACHED && isatty(STDOUT_FILENO)) write_all(STDOUT_FILENO, "\n", 1);
  if (code == HUNG_UP) hang_up(plan, socket);
  if (code == LOST) explain_loss();
  return code == DETACHED ? 0 : code;
}

static void enter_runtime(const struct plan *plan) {
  const char *runtime = plan_word(plan, "runtime", 1);
  if (!runtime) bug("no runtime directory");
  if (chdir(runtime) < 0) die("the container is not running any more");
}

int role_attach(const struct plan *plan) {
  enter_runtime(plan);
  int socket = connect_monitor();
  if (socket < 0) die("the container is not running any more");
  char want = (char)wanted_streams(plan);
  send_frame(socket, FRAME_WANT, &want, 1);
  return attach_streams(plan, socket);
}

/* The exit code as a line; without one, when the monitor was killed or is gone already, this ends with 1. */
int role_wait(const struct plan *plan) {
  const char *runtime = plan_word(plan, "runtime", 1);
  int socket = runtime && chdir(runtime) == 0 ? connect_monitor() : -1;
  ssize_t got = -1;
  while (socket >= 0 && (got = recv(socket, frame, sizeof frame, 0)) != 0)
    if ((got < 0 && errno != EINTR) || (got > 1 && frame[0] == FRAME_EXIT)) break;
  if (got < 2) return 1;
  return dprintf(STDOUT_FILENO, "%d\n", (unsigned char)frame[1]) < 0;
}
