#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stream.h"

static struct {
  pid_t pid;
  volatile sig_atomic_t ended, status;
} child;

void child_reap(void) {
  int status;
  if (child.ended || waitpid(child.pid, &status, WNOHANG) != child.pid) return;
  child.status = status;
  child.ended = 1;
}

static void on_signal(int number) {
  int error = errno;
  (void)number;
  child_reap();
  errno = error;
}

void child_is(pid_t pid) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  if (child.pid == pid) return;
  child.pid = pid;
  child.ended = 0;
  sigaction(SIGCHLD, &action, NULL);
}

int child_code(void) {
  int status = child.status;
  if (!child.ended) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool child_write(int fd, const char *data, size_t length) {
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_UNBLOCK, &ended, NULL);
  ssize_t put = 0;
  bool failed = false;
  for (size_t done = 0; done < length && !failed; done += put > 0 ? (size_t)put : 0) {
    put = write(fd, data + done, length - done);
    failed = put < 0 && errno != EINTR;
  }
  if (failed) output_failed(fd);
  sigprocmask(SIG_BLOCK, &ended, NULL);
  return !failed;
}
