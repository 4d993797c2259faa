#define _GNU_SOURCE
#include "init.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"

static void hand_on(pid_t child, int number) {
  if (number == SIGTSTP || number == SIGTTIN || number == SIGTTOU) return;
  kill(child, number);
}

__attribute__((noreturn)) static void reap_until(pid_t child, const sigset_t *all) {
  for (;;) {
    int number = sigwaitinfo(all, NULL);
    if (number < 0) continue;
    if (number != SIGCHLD) {
      hand_on(child, number);
      continue;
    }
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
      if (ended == child && (WIFEXITED(status) || WIFSIGNALED(status)))
        _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
  }
}

void become_init(void) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  sigprocmask(SIG_BLOCK, &all, NULL);
  pid_t child = fork();
  if (child < 0) die_errno("fork");
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &none, NULL);
    return;
  }
  /* The monitor must see end of file when the command runs, and the other end of a pipe when it is closed. */
  syscall(SYS_close_range, 0u, ~0u, 0u);
  reap_until(child, &all);
}
