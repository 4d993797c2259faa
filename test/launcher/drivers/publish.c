/*
 * publish PORT: the ports from PORT on of 127.0.0.1 lead to what listens in a network namespace of its own (publish.c,
 * forward.c), until standard input ends. Prints the process id of the forwarder, then what each connection came to. By port:
 *   0 sends back what it gets, to the end     3 sends FLOOD bytes, then ends
 *   1 takes a byte, and resets                4 takes nothing
 *   2 counts what it gets, to the end         5 nobody listens there
 */
#define _GNU_SOURCE
#include "publish.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"
#include "namespaces.h"
#include "netlink.h"

enum { PORTS = 6, FIRST = 80, FLOOD = 48 << 20 };

int open_namespace(pid_t holder, const char *kind) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/ns/%s", holder, kind);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static void send_back(int fd) {
  static char bytes[1 << 16];
  ssize_t got;
  while ((got = read(fd, bytes, sizeof bytes)) > 0)
    for (ssize_t at = 0, put; at < got; at += put)
      if ((put = write(fd, bytes + at, (size_t)(got - at))) < 0) return;
}

static void count(int fd) {
  static char bytes[1 << 16];
  long long all = 0;
  ssize_t got;
  while ((got = read(fd, bytes, sizeof bytes)) > 0) all += got;
  dprintf(STDOUT_FILENO, "%s\n", got < 0 ? "broken" : "whole");
  dprintf(fd, "%lld", all);
}

static void reset(int fd) {
  const struct linger now = {1, 0};
  char byte;
  if (read(fd, &byte, 1) == 1) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void flood(int fd) {
  static char bytes[1 << 16];
  for (size_t sent = 0; sent < FLOOD;) {
    ssize_t put = write(fd, bytes, FLOOD - sent < sizeof bytes ? FLOOD - sent : sizeof bytes);
    if (put < 0) return;
    sent += (size_t)put;
  }
}

static void hold(int fd) {
  (void)fd;
  pause();
}

static void serve(int port, void (*work)(int fd)) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 512) < 0) die_errno("listen");
  if (fork() > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    int fd = accept(server, NULL, NULL);
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(server);
      work(fd);
      close(fd);
      _exit(0);
    }
    close(fd);
  }
}

/* In a network of its own, where its addresses are those of "lo". */
static void be_container(int ready) {
  static void (*const works[])(int) = {send_back, reset, count, flood, hold};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) die_errno("unshare");
  struct netlink netlink = netlink_open();
  netlink_raise(&netlink, "lo");
  netlink_add_address(&netlink, "lo", "10.77.0.2/24");
  netlink_close(&netlink);
  for (int i = 0; i < PORTS - 1; i++) serve(FIRST + i, works[i]);
  if (write(ready, "", 1) != 1) _exit(1);
  for (;;) pause();
}

int main(int argc, char **argv) {
  static struct plan plan;
  char text[1024] = "plan 1 run\npublish-to 10.77.0.2 10.77.0.1\n", byte;
  int ready[2];
  if (argc < 2 || pipe(ready) < 0) return 2;
  for (int i = 0; i < PORTS; i++)
    snprintf(text + strlen(text), sizeof text - strlen(text), "publish 127.0.0.1 %d %d\n", atoi(argv[1]) + i, FIRST + i);
  plan_parse(&plan, text, strlen(text));
  pid_t container = fork();
  if (container == 0) be_container(ready[1]);
  if (read(ready[0], &byte, 1) != 1) return 1;
  struct publisher publisher = publish_start(&plan, container);
  publish_finish(&publisher);
  dprintf(STDOUT_FILENO, "%d\n", publisher.pid);
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  bool lived = waitpid(publisher.pid, NULL, WNOHANG) == 0;
  publish_end(&publisher);
  kill(container, SIGKILL);
  return lived ? 0 : 3;
}
