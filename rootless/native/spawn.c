#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static void place_descriptors(const int fds[5]) {
  int moved[5];
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int i = 0; i < 5; i++) {
    int from = fds[i] >= 0 ? fds[i] : i < 3 ? null : -1;
    moved[i] = from < 0 ? -1 : fcntl(from, F_DUPFD_CLOEXEC, 10);
  }
  for (int i = 0; i < 5; i++) {
    if (moved[i] >= 0) dup2(moved[i], i);
    else if (i >= 3) close(i);
  }
  syscall(SYS_close_range, 5u, ~0u, CLOSE_RANGE_CLOEXEC);
}

/* Whom it is to end with is told last: the kernel forgets it with each gain of rights, prctl(2). */
static void enter_user_namespace(int namespace, pid_t parent) {
  if (setns(namespace, CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) {
    dprintf(STDERR_FILENO, "cannot become root of the user namespace: %s\n", strerror(errno));
    _exit(127);
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
}

pid_t spawn_within(const struct spawn *what, int user_namespace) {
  pid_t parent = getpid(), pid = fork();
  if (pid != 0) return pid;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  int within = user_namespace < 0 ? -1 : fcntl(user_namespace, F_DUPFD_CLOEXEC, 10);
  place_descriptors(what->fds);
  if (within >= 0) enter_user_namespace(within, parent);
  execvp(what->argv[0], what->argv);
  dprintf(STDERR_FILENO, "%s: %s\n", what->argv[0], strerror(errno));
  _exit(127);
}

pid_t spawn(const struct spawn *what) { return spawn_within(what, -1); }

int wait_for(pid_t pid) {
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) die_errno("waitpid");
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int catcher(void) {
  int fd = memfd_create("said", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) die_errno("memfd_create");
  return fd;
}

static void drop_lines(char *text, const char *start) {
  char *to = text;
  for (const char *line = text; *line;) {
    size_t length = strcspn(line, "\n");
    bool kept = strncmp(line, start, strlen(start)) != 0;
    if (line[length]) length++;
    if (kept) {
      memmove(to, line, length);
      to += length;
    }
    line += length;
  }
  *to = 0;
}

void caught(int fd, char *text, size_t size) {
  off_t length = lseek(fd, 0, SEEK_END);
  off_t from = length > (off_t)size - 1 ? length - (off_t)size + 1 : 0;
  ssize_t got = pread(fd, text, size - 1, from);
  if (got < 0) got = 0;
  text[got] = 0;
  drop_lines(text, "Failed to send "); /* pasta's, where no syslog runs */
  for (size_t end = strlen(text); end > 0 && text[end - 1] == '\n'; end--) text[end - 1] = 0;
  for (char *byte = text; *byte; byte++)
    if (*byte == '\n') *byte = ' ';
}
