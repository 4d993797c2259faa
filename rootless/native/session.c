#define _GNU_SOURCE
#include "session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "terminal.h"

static char buffer[32768];

static void copy_size(int master) {
  struct winsize size;
  for (int fd = 0; fd < 3; fd++)
    if (ioctl(fd, TIOCGWINSZ, &size) == 0) {
      ioctl(master, TIOCSWINSZ, &size);
      return;
    }
}

/* false: the source has ended or the reader is gone. */
static bool copy_once(int from, int to) {
  ssize_t got = read(from, buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return true;
  for (ssize_t done = 0; done < got;) {
    ssize_t put = write(to, buffer + done, (size_t)(got - done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    done += put;
  }
  return got > 0;
}

/* -1 while the process runs. */
static int take_signal(int signals, pid_t pid, int master) {
  struct signalfd_siginfo info;
  int status;
  if (read(signals, &info, sizeof info) != sizeof info) return -1;
  if (info.ssi_signo == SIGWINCH) copy_size(master);
  else if (info.ssi_signo == SIGCHLD && waitpid(pid, &status, WNOHANG) == pid)
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  else if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE) kill(pid, (int)info.ssi_signo);
  return -1;
}

int terminal_session(const struct plan *plan, pid_t pid, int master, int signals) {
  const char *input = plan_word(plan, "stdin", 1);
  struct pollfd polls[3] = {{signals, POLLIN, 0}, {master, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  if (!input || *input == 'n') polls[2].fd = -1;
  else raw_terminal(STDIN_FILENO);
  copy_size(master);
  int code = -1;
  while (code < 0) {
    if (poll(polls, 3, -1) < 0) continue;
    if (polls[0].revents) code = take_signal(signals, pid, master);
    if (polls[1].revents && !copy_once(master, STDOUT_FILENO)) polls[1].fd = -1;
    if (polls[2].revents && !copy_once(STDIN_FILENO, master)) polls[2].fd = -1;
  }
  struct pollfd rest = {master, POLLIN, 0};
  while (polls[1].fd >= 0 && poll(&rest, 1, 0) > 0 && copy_once(master, STDOUT_FILENO)) continue;
  restore_terminal();
  return code;
}
