/*
 * health MS PLAN: a monitor with nothing but health checks, for so many milliseconds. What would be done to the container
 * is printed. Called with one argument it is a check: the shell runs that file, which says what the launcher would say.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "event.h"
#include "health.h"
#include "message.h"
#include "record.h"
#include "supervise.h"

bool send_error(int socket, int code, const char *text, size_t length) {
  (void)socket, (void)code, (void)text, (void)length;
  return false;
}

void supervise_forward(int number) { printf("signal %d\n", number); }
void supervise_restart_after_end(void) { puts("restart"); }
void supervise_stay_ended(void) { puts("stay"); }
void event_write(const struct plan *plan, const char *action, const char *extra) { printf("event %s%s\n", action, plan ? extra : "?"); }

bool write_aside(const char *directory, const char *name, const char *text, bool durable) {
  char path[4200];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "w");
  return file && fputs(text, file) >= 0 && fclose(file) == 0 && !durable;
}

static void wake(int number) { (void)number; }

static void step(long long end) {
  int status, timeout = health_timeout_ms();
  long long left = end - clock_ms();
  poll(NULL, 0, timeout >= 0 && timeout < left ? timeout : left > 0 ? (int)left : 0);
  health_tick();
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    if (!health_reaped(pid)) puts("a stranger");
}

int main(int argc, char **argv) {
  if (argc == 2) execl("/bin/sh", "sh", argv[1], (char *)NULL);
  struct plan plan;
  int asked[2] = {-1, -1};
  plan_parse(&plan, argv[2], strlen(argv[2]));
  signal(SIGCHLD, wake);
  setvbuf(stdout, NULL, _IONBF, 0);
  long long end = clock_ms() + atoll(argv[1]);
  health_open(&plan);
  if (argc > 3) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, asked) < 0) return 99;
    health_ask(asked[1]);
  }
  while (clock_ms() < end) step(end);
  char frame[2];
  if (argc > 3 && recv(asked[0], frame, sizeof frame, MSG_DONTWAIT) == 2) printf("answer %c %d\n", frame[0], frame[1]);
  health_close();
  return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 98;
}
