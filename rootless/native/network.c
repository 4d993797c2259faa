#define _GNU_SOURCE
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "die.h"
#include "spawn.h"

enum { READY_LIMIT_MS = 15000 };

struct network network_start(const struct plan *plan, pid_t holder) {
  struct network network = {0, -1, -1, -1};
  const struct operation *helper = plan_find(plan, "network-helper");
  if (!helper) return network;
  char pid[24], **argv = calloc(helper->count, sizeof *argv);
  if (!argv) die("out of memory");
  snprintf(pid, sizeof pid, "%d", holder);
  for (size_t i = 1; i < helper->count; i++) argv[i - 1] = strcmp(helper->words[i], "@pid@") == 0 ? pid : helper->words[i];
  int ready[2], alive[2];
  if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(alive, O_CLOEXEC) < 0) die_errno("pipe");
  network.said = catcher();
  struct spawn what = {argv, {-1, network.said, network.said, ready[1], alive[0]}};
  network.pid = spawn(&what);
  if (network.pid < 0) die_errno("fork");
  close(ready[1]);
  close(alive[0]);
  network.ready = ready[0];
  network.alive = alive[1];
  free(argv);
  return network;
}

static void await_ready(const char *program, struct network *network) {
  struct pollfd wait = {network->ready, POLLIN, 0};
  int got;
  do got = poll(&wait, 1, READY_LIMIT_MS);
  while (got < 0 && errno == EINTR);
  char byte, text[512];
  if (got > 0 && read(network->ready, &byte, 1) == 1) return;
  caught(network->said, text, sizeof text);
  set_hint("run `tsc-pod doctor`, or start with --network none or --network host");
  if (got == 0) die("cannot set up the network: %s was not ready after %d s: %s", program, READY_LIMIT_MS / 1000, text);
  die("cannot set up the network: %s failed: %s", program, text);
}

bool network_ask(const char *path, const char *json, char *answer) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  errno = ENAMETOOLONG;
  if (strlen(path) >= sizeof address.sun_path) return false;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool good = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
              write(fd, json, strlen(json)) == (ssize_t)strlen(json) && shutdown(fd, SHUT_WR) == 0;
  size_t length = 0;
  while (good && length < NETWORK_ANSWER - 1) {
    ssize_t got = read(fd, answer + length, NETWORK_ANSWER - 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length += (size_t)got;
  }
  answer[length] = 0;
  if (fd >= 0) close(fd);
  return good;
}

static void request(const char *path, const char *json) {
  static char answer[NETWORK_ANSWER];
  if (!network_ask(path, json, answer)) die_errno("cannot ask the network helper at %s", path);
  if (!*answer || strstr(answer, "\"error\"")) die("cannot publish a port: the network helper answered %s to %s", answer, json);
}

void network_publish(const struct plan *plan) {
  size_t from = 0;
  const struct operation *wish;
  while ((wish = plan_next(plan, "network-api", &from))) request(wish->words[1], wish->words[2]);
}

void network_finish(const struct plan *plan, struct network *network) {
  if (!network->pid) return;
  await_ready(plan_word(plan, "network-helper", 1), network);
  close(network->ready);
  network->ready = -1;
  network_publish(plan);
  close(network->said);
  network->said = -1;
}

void network_end(struct network *network) {
  if (network->alive >= 0) close(network->alive);
  network->alive = -1;
}
