#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "backlog.h"
#include "child.h"
#include "keys.h"
#include "stream.h"
#include "terminal.h"

static char buffer[32768];
static struct backlog backlog; /* of what was typed */

static void copy_size(int master) {
  struct winsize size;
  for (int fd = 0; fd < 3; fd++)
    if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
      ioctl(master, TIOCSWINSZ, &size);
      return;
    }
}

/* One read of what the process wrote: the bytes. -1: nobody has its terminal open any more, or the reader is gone. */
static ssize_t show(int master) {
  ssize_t got = read(master, buffer, sizeof buffer);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return 0;
  return got > 0 && child_write(STDOUT_FILENO, buffer, (size_t)got) ? got : -1;
}

/* One read of what was typed. false: its end. */
static bool take_input(int master, struct keys *keys, bool *detached) {
  char typed[BACKLOG_MAX / 2], out[BACKLOG_MAX];
  ssize_t got = read(STDIN_FILENO, typed, sizeof typed);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) {
    if (!terminal_hung_up()) backlog_put(&backlog, master, END_TYPED, sizeof END_TYPED - 1);
    return false;
  }
  size_t length = keys_pass(keys, typed, (size_t)got, out, detached);
  return backlog_put(&backlog, master, out, length);
}

static void take_signal(int signals, pid_t pid, int master) {
  struct signalfd_siginfo info;
  if (read(signals, &info, sizeof info) != sizeof info) return;
  if (info.ssi_signo == SIGWINCH) copy_size(master);
  else if (info.ssi_signo == SIGCHLD) child_reap();
  else if (info.ssi_signo != SIGPIPE) kill(pid, (int)info.ssi_signo);
}

static int converse(pid_t pid, int master, int signals, bool input, struct keys *keys) {
  struct pollfd polls[4] = {{signals, POLLIN, 0}, {master, POLLIN, 0}, {-1, POLLIN, 0}, {-1, POLLOUT, 0}};
  for (;;) {
    bool detached = false;
    polls[2].fd = input && !backlog.length ? STDIN_FILENO : -1;
    polls[3].fd = backlog.length ? master : -1;
    if (poll(polls, 4, -1) < 0) continue;
    if ((polls[0].revents || polls[2].revents) && terminal_hung_up()) return SESSION_HUNG_UP;
    if (polls[0].revents) take_signal(signals, pid, master);
    if (polls[1].revents && show(master) < 0) polls[1].fd = -1;
    if (polls[2].revents) input = take_input(master, keys, &detached);
    if (polls[3].revents) backlog_flush(&backlog, master);
    if (child_code() >= 0) return child_code();
    if (detached) return SESSION_DETACHED;
  }
}

int terminal_session(const struct plan *plan, pid_t pid, int master, int signals) {
  struct keys keys = keys_of(plan);
  const char *word = plan_word(plan, "stdin", 1);
  bool input = word && strcmp(word, "null") != 0;
  child_is(pid);
  fcntl(master, F_SETFL, O_NONBLOCK);
  watch_terminal();
  if (input) raw_terminal(STDIN_FILENO);
  copy_size(master);
  int code = converse(pid, master, signals, input, &keys);
  struct pollfd rest = {master, POLLIN, 0};
  long left = code >= 0 ? left_in(master) : 0;
  for (ssize_t got; left > 0 && poll(&rest, 1, 0) > 0 && (got = show(master)) >= 0; left -= got) continue;
  restore_terminal();
  if (code == SESSION_DETACHED && isatty(STDOUT_FILENO) && write(STDOUT_FILENO, "\n", 1) < 0) return code;
  return code;
}

int terminal_abandoned(pid_t pid, int master, int signals) {
  struct pollfd polls[2] = {{signals, POLLIN, 0}, {master, POLLIN, 0}};
  child_is(pid);
  while (child_code() < 0) {
    if (poll(polls, 2, -1) < 0) continue;
    if (polls[0].revents) take_signal(signals, pid, master);
    if (polls[1].revents && show(master) < 0) polls[1].fd = -1;
  }
  return child_code();
}
