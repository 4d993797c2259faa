#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"
#include "identity.h"
#include "roles.h"
#include "stream.h"

enum { PATIENCE = 5000 }; /* milliseconds for the process inside, which the container may stop */

/* Inside the container must not get hold of it: it has the host's files. */
__attribute__((noreturn)) static void inside(int number) {
  if (kill(-1, number) < 0 && errno != ESRCH) _exit(errno);
  _exit(0);
}

/*
 * To the process of a pidfd, the first of a pid namespace, and then to all others of that namespace at once. For kill(2)
 * with -1 the kernel lets no process fork meanwhile whose child would be missed (since Linux 4.19).
 */
static void signal_everybody(int process, int number) {
  if (syscall(SYS_pidfd_send_signal, process, number, NULL, 0) < 0) {
    if (errno == ESRCH) return;
    die_errno("cannot send signal %d", number);
  }
  if (setns(process, CLONE_NEWUSER | CLONE_NEWPID) < 0) {
    if (errno == ESRCH) return;
    die_errno("cannot join the container's namespaces");
  }
  prctl(PR_SET_DUMPABLE, 0); /* joining has set it to what sysctl fs.suid_dumpable says */
  pid_t pid = fork();
  if (pid < 0) {
    if (errno == ENOMEM) return; /* what process 1 of the namespace is dead means, pid_namespaces(7) */
    die_errno("fork");
  }
  if (pid == 0) inside(number);
  int child = (int)syscall(SYS_pidfd_open, pid, 0), status, got = await_readable(child, PATIENCE);
  if (got <= 0) kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  if (got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  errno = got > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : ETIMEDOUT;
  die_errno("cannot send signal %d to all processes", number);
}

int role_signal(const struct plan *plan) {
  const struct operation *target = plan_find(plan, "target");
  const char *number = plan_word(plan, "signal", 1);
  if (!target || !number) bug("no target or no signal");
  int process = open_process((pid_t)number_of(target->words[1]), (unsigned long long)number_of(target->words[2]));
  if (process >= 0) signal_everybody(process, (int)number_of(number));
  return 0;
}
