#define _GNU_SOURCE
#include "network.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "die.h"
#include "namespaces.h"
#include "spawn.h"
#include "stream.h"

enum { READY_LIMIT_MS = 15000, ANSWER_LIMIT_S = 5, ANSWER_MAX = 65536 };

static pid_t start_outside(const struct operation *helper, pid_t holder, struct network *network, int ready) {
  char pid[24], **argv = calloc(helper->count, sizeof *argv);
  int alive[2];
  if (!argv) die("out of memory");
  snprintf(pid, sizeof pid, "%d", holder);
  for (size_t i = 1; i < helper->count; i++) argv[i - 1] = strcmp(helper->words[i], "@pid@") == 0 ? pid : helper->words[i];
  if (pipe2(alive, O_CLOEXEC) < 0) die_errno("pipe");
  struct spawn what = {argv, {-1, network->said, network->said, ready, alive[0]}};
  pid_t started = spawn(&what);
  close(alive[0]);
  network->alive = alive[1];
  free(argv);
  return started;
}

static pid_t start_inside(const struct operation *helper, pid_t holder, struct network *network, int ready) {
  int user = open_namespace(holder, "user"), net = open_namespace(holder, "net");
  if (fchmod(ready, 0622) < 0) die_errno("fchmod"); /* pasta opens it by name, with another user id */
  struct spawn what = {helper->words + 1, {net, ready, network->said, -1, -1}};
  pid_t started = spawn_within(&what, user);
  close(user);
  close(net);
  return started;
}

const struct operation *network_helper(const struct plan *plan) {
  const struct operation *helper = plan_find(plan, "network-helper");
  return helper ? helper : plan_find(plan, "network-helper-inside");
}

struct network network_start(const struct plan *plan, pid_t holder) {
  struct network network = {0, -1, -1, -1, publish_start(plan, holder)};
  const struct operation *helper = network_helper(plan);
  if (!helper) return network;
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) < 0) die_errno("pipe");
  network.said = catcher();
  bool inside = strcmp(helper->words[0], "network-helper-inside") == 0;
  network.pid = (inside ? start_inside : start_outside)(helper, holder, &network, ready[1]);
  if (network.pid < 0) die_errno("fork");
  close(ready[1]);
  network.ready = ready[0];
  return network;
}

void network_await(const char *program, int ready, int said, const char *hint) {
  int got = await_readable(ready, READY_LIMIT_MS);
  char byte, text[512];
  if (got > 0 && read(ready, &byte, 1) == 1) return;
  caught(said, text, sizeof text);
  set_hint(hint);
  if (got == 0) die("cannot set up the network: %s was not ready after %d s: %s", program, READY_LIMIT_MS / 1000, text);
  die("cannot set up the network: %s failed: %s", program, text);
}

/* One request to slirp4netns' API socket. False: it can't be reached (errno). */
static bool ask(const char *path, const char *json, char *answer) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  errno = ENAMETOOLONG;
  if (strlen(path) >= sizeof address.sun_path) return false;
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const struct timeval limit = {.tv_sec = ANSWER_LIMIT_S}; /* whoever waits for this has others waiting */
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  bool good = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
              send(fd, json, strlen(json), MSG_NOSIGNAL) == (ssize_t)strlen(json) && shutdown(fd, SHUT_WR) == 0;
  size_t length = 0;
  while (good && length < ANSWER_MAX - 1) {
    ssize_t got = read(fd, answer + length, ANSWER_MAX - 1 - length);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    length += (size_t)got;
  }
  answer[length] = 0;
  if (fd >= 0) close(fd);
  return good;
}

static void request(const char *path, const char *json) {
  static char answer[ANSWER_MAX];
  if (!ask(path, json, answer)) die_errno("cannot ask the network helper at %s", path);
  if (!*answer || strstr(answer, "\"error\"")) die("cannot publish a port: the network helper answered %s to %s", answer, json);
}

void network_finish(const struct plan *plan, struct network *network) {
  size_t from = 0;
  const struct operation *wish;
  publish_finish(&network->publisher);
  if (!network->pid) return;
  network_await(network_helper(plan)->words[1], network->ready, network->said,
                "run `tsc-pod doctor`, or start with --network none or --network host");
  close(network->ready);
  network->ready = -1;
  fcntl(network->said, F_ADD_SEALS, F_SEAL_GROW); /* nobody reads what it says from here on */
  while ((wish = plan_next(plan, "network-api", &from))) request(wish->words[1], wish->words[2]);
  close(network->said);
  network->said = -1;
}

void network_end(struct network *network) {
  if (network->alive >= 0) close(network->alive);
  network->alive = -1;
  publish_end(&network->publisher);
}
