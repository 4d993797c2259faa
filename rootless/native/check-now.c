#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "die.h"
#include "roles.h"

/* runtime DIR: whose monitor is asked, over its control socket. Ends with the result: 0 healthy, 1 not. */
int role_check_now(const struct plan *plan) {
  const char *runtime = plan_word(plan, "runtime", 1);
  static char frame[FRAME_MAX + 1];
  if (!runtime) bug("no runtime directory");
  if (chdir(runtime) < 0) die_errno("cannot enter %s", runtime);
  int fd = connect_monitor();
  if (fd < 0) die_errno("cannot reach the container's monitor");
  frame[0] = FRAME_HEALTH;
  if (send(fd, frame, 1, MSG_NOSIGNAL) < 0) die_errno("cannot ask the container's monitor");
  for (;;) {
    ssize_t got = recv(fd, frame, sizeof frame, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) die("the container's monitor gives no answer: the container has ended, or has no health check");
    if (frame[0] == FRAME_HEALTH && got > 1) return frame[1];
  }
}
