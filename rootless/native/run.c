#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "cgroup.h"
#include "claim.h"
#include "die.h"
#include "message.h"
#include "preserve.h"
#include "restart.h"
#include "roles.h"
#include "stream.h"
#include "supervise.h"

/* Waits for the monitor's word; ends with its error, if that is what comes. */
static void await_start(int starter) {
  struct message message;
  if (!receive_message(starter, &message)) die("the container's monitor ended before the container had started");
  if (message.type == MESSAGE_ERROR) die_as("", message.data);
}

static void leave_terminal(void) {
  setsid();
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; null >= 0 && fd < 3; fd++) dup2(null, fd);
  if (null >= 0) close(null);
}

/* detach TEXT */
static int print_line(const struct plan *plan) {
  const char *text = plan_word(plan, "detach", 1);
  if (!text || !*text || dprintf(STDOUT_FILENO, "%s\n", text) >= 0) return 0;
  output_failed(STDOUT_FILENO);
  return EXIT_TOOL;
}

/* What this process does once the container runs. */
static int stay_in_front(const struct plan *plan, int socket) {
  int code = print_line(plan);
  if (!wanted_streams(plan)) return code;
  int ended = attach_streams(plan, socket);
  return plan_find(plan, "detach") ? code : ended;
}

/* Somebody else has started it. */
static int join(const struct plan *plan) {
  if (!wanted_streams(plan)) return print_line(plan);
  print_line(plan);
  return role_attach(plan);
}

/*
 * With neither `detach` nor `attach` this process is the monitor, and the command has its standard streams as they
 * are. Else the monitor is a process of its own that outlives this one, which prints its line and ends, or stays
 * attached until the container ends or the user detaches.
 */
int role_run(const struct plan *plan) {
  if (restart_is_one()) {
    cgroup_enter(plan, true);
    return supervise(plan, -1, -1);
  }
  if (plan_find(plan, "ends-with-parent")) prctl(PR_SET_PDEATHSIG, SIGTERM); /* supervise.c: it tidies up */
  if (!claim_container(plan)) return join(plan);
  cgroup_enter(plan, false);
  if (!plan_find(plan, "detach") && !plan_find(plan, "attach")) return supervise(plan, -1, -1);
  int starters[2], links[2];
  message_pair(starters);
  message_pair(links);
  pid_t monitor = fork();
  if (monitor < 0) die_errno("fork");
  if (monitor == 0) {
    close(starters[0]);
    close(links[0]);
    if (!wanted_streams(plan)) close(links[1]);
    leave_terminal();
    _exit(supervise(plan, starters[1], wanted_streams(plan) ? links[1] : -1));
  }
  claim_let_go();
  close(starters[1]);
  close(links[1]);
  let_go_of_preserved();
  await_start(starters[0]);
  return stay_in_front(plan, links[0]);
}
