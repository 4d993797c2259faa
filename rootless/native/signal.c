#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"
#include "everybody.h"
#include "identity.h"
#include "roles.h"

/* 1 when the process ended within the time (milliseconds, -1: no limit). */
static int ended_within(int process, int milliseconds) {
  struct pollfd wait = {process, POLLIN, 0};
  int got;
  do got = poll(&wait, 1, milliseconds);
  while (got < 0 && errno == EINTR);
  return got > 0;
}

static void send_to(int process, int number) {
  if (syscall(SYS_pidfd_send_signal, process, number, NULL, 0) < 0 && errno != ESRCH)
    die_errno("cannot send signal %d", number);
}

/*
 * target PID START: whom. signal N: sent first (0: none); everybody: to all processes of its pid namespace.
 * stop-timeout MS: SIGKILL after that time (-1: never; without this operation the role doesn't wait). wait-for PID
 * START: at the end waits for that process too.
 */
int role_signal(const struct plan *plan) {
  const struct operation *target = plan_find(plan, "target");
  if (!target) bug("signal without a target");
  const char *number = plan_word(plan, "signal", 1), *timeout = plan_word(plan, "stop-timeout", 1);
  const struct operation *after = plan_find(plan, "wait-for");
  int last = after ? open_process((pid_t)number_of(after->words[1]), (unsigned long long)number_of(after->words[2])) : -1;
  int process = open_process((pid_t)number_of(target->words[1]), (unsigned long long)number_of(target->words[2]));
  if (process >= 0) {
    if (number && plan_find(plan, "everybody")) signal_everybody(process, (int)number_of(number));
    else if (number && number_of(number)) send_to(process, (int)number_of(number));
    if (timeout && !ended_within(process, (int)number_of(timeout))) {
      send_to(process, SIGKILL);
      ended_within(process, -1);
    }
  }
  if (last >= 0) ended_within(last, -1);
  return 0;
}
