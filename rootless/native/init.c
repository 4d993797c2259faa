#define _GNU_SOURCE
#include "init.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"

static int program = -1;

void keep_init_program(void) {
  program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (program < 0) die_errno("cannot open /proc/self/exe");
}

static void hold_signals(sigset_t *all) {
  sigfillset(all);
  sigprocmask(SIG_BLOCK, all, NULL);
}

static bool asks_to_end(int number) { return number == SIGTERM || number == SIGINT || number == SIGQUIT || number == SIGHUP; }

static void hand_on(pid_t child, int number) {
  if (child == 0 && asks_to_end(number)) _exit(0);
  if (child == 0 || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU) return;
  kill(child, number);
}

__attribute__((noreturn)) static void reap_until(pid_t child, const sigset_t *all) {
  for (;;) {
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
      if (ended == child && (WIFEXITED(status) || WIFSIGNALED(status)))
        _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    int number = sigwaitinfo(all, NULL);
    if (number > 0 && number != SIGCHLD) hand_on(child, number);
  }
}

void init_main(const char *child) {
  sigset_t all;
  hold_signals(&all);
  prctl(PR_SET_NAME, "tsc-pod-init");
  reap_until((pid_t)atoi(child), &all);
}

/* The monitor must see end of file when the command runs, and the other end of a pipe when it is closed. */
static void close_all_but_program(void) {
  if (program > 0) syscall(SYS_close_range, 0u, (unsigned)program - 1, 0u);
  syscall(SYS_close_range, (unsigned)program + 1, ~0u, 0u);
}

static void execute(pid_t child) {
  char text[24], *argv[] = {"tsc-pod-init", text, NULL}, *environment[] = {NULL};
  snprintf(text, sizeof text, "%d", child);
  syscall(SYS_execveat, program, "", argv, environment, AT_EMPTY_PATH);
}

void become_init(void) {
  sigset_t all, none;
  hold_signals(&all);
  sigemptyset(&none);
  prctl(PR_SET_CHILD_SUBREAPER, 1); /* for a pid namespace that is not the container's own */
  pid_t child = fork();
  if (child < 0) die_errno("fork");
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &none, NULL);
    return;
  }
  close_all_but_program();
  execute(child);
  /* A filter of the user's own may forbid it: then nothing can be executed in the container from outside. */
  close(program);
  reap_until(child, &all);
}

void become_idle(void) {
  sigset_t all;
  hold_signals(&all);
  for (int fd = 0; fd < 3; fd++) close(fd); /* an error has a socket to go to */
  execute(0);
  die_errno("cannot execute the pod's first process");
}
