#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "cgroup.h"
#include "die.h"
#include "message.h"
#include "preserve.h"
#include "roles.h"
#include "supervise.h"

/* Waits for the monitor's word; ends with its error, if that is what comes. */
static void await_start(int starter) {
  struct message message;
  if (!receive_message(starter, &message)) die("the container's monitor ended before the container had started");
  if (message.type != MESSAGE_ERROR) return;
  if (write(STDERR_FILENO, message.data + 1, message.length - 1) < 0) _exit(EXIT_TOOL);
  _exit((unsigned char)message.data[0]);
}

static void leave_terminal(void) {
  setsid();
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; null >= 0 && fd < 3; fd++) dup2(null, fd);
  if (null >= 0) close(null);
}

static int print_id(const struct plan *plan) {
  const char *id = plan_word(plan, "container", 1);
  char line[128];
  size_t length = strlen(id);
  if (length > sizeof line - 2) length = sizeof line - 2;
  memcpy(line, id, length);
  line[length] = '\n';
  return write(STDOUT_FILENO, line, length + 1) < 0 ? EXIT_TOOL : 0;
}

/*
 * Three ways: with neither `detach` nor `terminal` this process is the monitor, and the command has its standard
 * streams as they are. Else the monitor is a process of its own that outlives this one, which prints the id and
 * ends (detach), or stays attached to the terminal until the container ends or the user detaches.
 */
int role_run(const struct plan *plan) {
  bool detach = plan_find(plan, "detach");
  cgroup_enter(plan);
  if (!detach && !plan_find(plan, "terminal")) return supervise(plan, -1, -1);
  int starters[2], links[2];
  message_pair(starters);
  message_pair(links);
  pid_t monitor = fork();
  if (monitor < 0) die_errno("fork");
  if (monitor == 0) {
    close(starters[0]);
    close(links[0]);
    if (detach) close(links[1]);
    leave_terminal();
    _exit(supervise(plan, starters[1], detach ? -1 : links[1]));
  }
  close(starters[1]);
  close(links[1]);
  let_go_of_preserved();
  await_start(starters[0]);
  return detach ? print_id(plan) : attach_terminal(plan, links[0]);
}
