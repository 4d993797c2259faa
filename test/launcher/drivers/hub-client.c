/*
 * hub-client DIR MILLISECONDS SCRIPT...: a monitor (hub-client.c, hub-return.c) and the hub in DIR that it has to do with,
 * which treats its connections one after the other as the scripts say, a letter each time:
 *   G g  greets it; without a descriptor          S E Z  says that it is done; that it fails, and a hint; an empty error
 *   R    takes a message                          F      says a thousand times that it is done, each with a descriptor
 *   W    waits until it hangs up                  N      does nothing more, nor hangs up
 * Whoever starts a hub says "started" instead. The monitor prints "in", then "lost" and "back", with which it ends; or after so long.
 * A limit of more than a second is a twentieth of it here.
 */
#define _GNU_SOURCE
#include "hub-client.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "die.h"
#include "hub-return.h"
#include "message.h"
#include "namespaces.h"
#include "network.h"
#include "userns.h"

enum { FLOOD = 1000 };

static pid_t watching; /* the monitor, once it is in: nothing may hold it up */

int poll(struct pollfd *polls, nfds_t count, int limit) {
  if (limit > 1000 && getpid() == watching) puts("held up");
  int scaled = limit > 1000 ? limit / 20 : limit;
  struct timespec time = {scaled / 1000, scaled % 1000 * 1000000L};
  return ppoll(polls, count, limit < 0 ? NULL : &time, NULL);
}

int open_namespace(pid_t holder, const char *kind) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/ns/%s", holder, kind);
  return open(path, O_RDONLY | O_CLOEXEC);
}

int connect_monitor(void) { return -1; }
void write_id_maps(const struct plan *plan, pid_t pid) { (void)plan, (void)pid; }

static void flood(int fd) {
  int given = open("/dev/null", O_RDONLY);
  for (int i = 0; i < FLOOD; i++) send_message(fd, MESSAGE_STARTED, NULL, 0, given);
  close(given);
}

static void act(int fd, char letter) {
  static struct message message;
  static const char why[] = "Error: there is no room\ntry another one\n";
  int own = open("/proc/self/ns/user", O_RDONLY);
  if (letter == 'G' || letter == 'g') send_message(fd, MESSAGE_NAMESPACES, NULL, 0, letter == 'G' ? own : -1);
  if (letter == 'S') send_message(fd, MESSAGE_STARTED, NULL, 0, -1);
  if (letter == 'E') send_error(fd, 17, why, sizeof why - 1);
  if (letter == 'Z') send_message(fd, MESSAGE_ERROR, NULL, 0, -1);
  if (letter == 'F') flood(fd);
  if (letter == 'N' && fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
  if (letter == 'R' && receive_message(fd, &message) && message.fd >= 0) close(message.fd);
  while (letter == 'W' && receive_message(fd, &message))
    if (message.fd >= 0) close(message.fd);
  close(own);
}

static pid_t be_hub(char **scripts) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int server = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 10) < 0) die_errno("listen");
  pid_t pid = fork();
  if (pid > 0) {
    close(server);
    return pid;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (; *scripts; scripts++) {
    int fd = accept(server, NULL, NULL);
    for (const char *letter = *scripts; *letter; letter++) act(fd, *letter);
    close(fd);
  }
  unlink("socket");
  while (wait(NULL) > 0) continue;
  _exit(0);
}

/* Its network namespace is that of a container: within a user namespace of its own. */
static pid_t be_holder(void) {
  int ready[2];
  char byte;
  if (pipe2(ready, O_CLOEXEC) < 0) die_errno("pipe");
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 || write(ready[1], "", 1) != 1) _exit(1);
    for (;;) pause();
  }
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1) die("no namespace");
  close(ready[0]);
  return pid;
}

static void watch(long long until) {
  bool in = true;
  while (clock_ms() < until) {
    struct pollfd wait = {hub_watched(), POLLIN, 0};
    int ready = poll(&wait, 1, sooner(hub_timeout_ms(), 50));
    hub_tick(ready > 0);
    bool now = hub_connection() >= 0;
    if (now != in) printf("%s\n", now ? "back" : "lost");
    if (now && !in) return;
    in = now;
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
  }
}

int main(int argc, char **argv) {
  static struct plan plan;
  static char text[512];
  if (argc < 4 || chdir(argv[1]) < 0) return 2;
  snprintf(text, sizeof text, "plan 1 run\nhub %s %s env STARTER=by-@pid@. sh\ncontainer abcd /\nhub-attach n1 one\nhub-attach n2 two\n", argv[1],
           "test\\040$STARTER\\040=\\040by-$PPID.\\040&&echo\\040started\\040>&2;exit\\0401");
  plan_parse(&plan, text, strlen(text));
  setlinebuf(stdout);
  int before = dup(0);
  close(before);
  pid_t hub = be_hub(argv + 3), holder = be_holder();
  hub_open(&plan);
  hub_attach(&plan, holder);
  hub_finish();
  puts("in");
  watching = getpid();
  watch(clock_ms() + atoi(argv[2]));
  hub_close();
  int after = dup(0);
  if (after != before) printf("%d descriptors left\n", after - before);
  kill(hub, SIGKILL);
  kill(holder, SIGKILL);
  return 0;
}
