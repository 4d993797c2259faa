/* A process in a mount namespace of its own is ended; who comes into new ones afterwards, while that is held, is not. */
#define _GNU_SOURCE
#include "leftover.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OTHERS = 32 };

static pid_t in_new_namespace(void) {
  int ready[2];
  char byte;
  if (pipe(ready) < 0) return -1;
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || write(ready[1], "", 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1) perror("unshare");
  close(ready[0]);
  return pid;
}

int main(void) {
  char path[40];
  int status, alive = 0;
  pid_t first = in_new_namespace(), others[OTHERS];
  snprintf(path, sizeof path, "/proc/%d/ns/mnt", first);
  int mounts = open(path, O_RDONLY | O_CLOEXEC);
  end_leftover(mounts);
  waitpid(first, &status, 0);
  for (int i = 0; i < OTHERS; i++) others[i] = in_new_namespace();
  end_leftover(mounts);
  for (int i = 0; i < OTHERS; i++) {
    alive += waitpid(others[i], NULL, WNOHANG) == 0;
    kill(others[i], SIGKILL);
  }
  printf("ended by %d, %d alive\n", WTERMSIG(status), alive);
  return 0;
}
