/* A command has ended that left a full pipe; another process writes again as much as was taken. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "die.h"
#include "exec-streams.h"
#include "stream.h"

enum { SMALL = 4096, LIMIT_S = 20 };

static void echo(int from, int to) {
  static char bytes[SMALL];
  for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;)
    if (write(to, bytes, (size_t)got) < 0) return;
}

int main(void) {
  struct exec_streams streams = {.source = -1, .input = -1, .output = -1, .errors = -1};
  int shown[2], report = dup(STDOUT_FILENO), command = output_pipe(&streams.output);
  sigset_t all, ended;
  static char much[1 << 16];
  sigfillset(&all);
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, NULL);
  if (pipe(shown) < 0 || fcntl(shown[1], F_SETPIPE_SZ, SMALL) < 0) die_errno("pipe");
  if (write(command, much, sizeof much) != sizeof much) die_errno("write");
  pid_t echoing = fork(), pid;
  if (echoing == 0) {
    close(shown[1]);
    signal(SIGPIPE, SIG_IGN);
    echo(shown[0], command);
    _exit(0);
  }
  if ((pid = fork()) == 0) _exit(5);
  close(command);
  close(shown[0]);
  dup2(shown[1], STDOUT_FILENO);
  alarm(LIMIT_S);
  int code = exec_streams_carry(&streams, pid, signalfd(-1, &all, SFD_CLOEXEC));
  kill(echoing, SIGKILL);
  dprintf(report, "%d\n", code);
  return 0;
}
