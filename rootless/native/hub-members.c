#define _GNU_SOURCE
#include "hub-members.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "die.h"
#include "message.h"

enum { TAKES_S = 2 };

struct network {
  struct network *next;
  char id[HUB_ID + 1];
  pid_t pid;
  int namespace, socket;
  bool knows; /* its process has been told of all members: from then on it is told of each change */
};

/* A container in a network, or on its way in or out. */
struct member {
  struct member *next;
  char container[HUB_ID + 1];
  struct network *network;
  pid_t worker;
  bool leaving;
  char *text; /* as networks are told: network id NUL container id NUL lines (hub-names.h); NULL: it is not in yet */
  size_t length;
};

static struct {
  struct network *networks;
  struct member *members;
  int hears, says; /* by which workers tell */
  void (*lost)(const char *container);
} table;

int members_open(void (*lost)(const char *container)) {
  int sockets[2];
  table.lost = lost;
  message_pair(sockets);
  fcntl(sockets[0], F_SETFL, O_NONBLOCK);
  table.hears = sockets[0];
  table.says = sockets[1];
  return table.hears;
}

bool members_none(void) { return !table.members; }

void members_refuse(int client, const char *why) { send_error(client, EXIT_TOOL, why, strlen(why)); }

/* A process that has taken nothing for TAKES_S is lost: else all others would go on waiting for it. */
static bool tell(const struct network *network, unsigned char type, const void *data, size_t length, int fd) {
  if (send_message(network->socket, type, data, length, fd)) return true;
  if (errno == EAGAIN && network->pid > 0) kill(network->pid, SIGKILL);
  return false;
}

/* To whoever may have to answer for it: a container is known to all its networks. */
static void tell_all(unsigned char type, const void *data, size_t length, const struct network *but) {
  for (const struct network *network = table.networks; network; network = network->next)
    if (network->knows && network != but) tell(network, type, data, length, -1);
}

static void end_network(struct network *network) {
  struct network **at = &table.networks;
  while (*at != network) at = &(*at)->next;
  *at = network->next;
  close(network->namespace);
  close(network->socket); /* by which its process ends */
  free(network);
}

static void end_unused(struct network *network) {
  for (const struct member *member = table.members; member; member = member->next)
    if (member->network == network) return;
  end_network(network);
}

static void drop_member(struct member *member) {
  struct member **at = &table.members;
  while (*at != member) at = &(*at)->next;
  *at = member->next;
  struct network *network = member->network;
  if (member->text) tell_all(MESSAGE_LEAVE, member->text, strlen(network->id) + strlen(member->container) + 2, NULL);
  free(member->text);
  free(member);
  end_unused(network);
}

/* Its devices go with its network namespace. A process at work for it is waited for: else what that says comes too late. */
void members_leave(const char *container) {
  struct member *next;
  for (struct member *member = table.members; member; member = next) {
    next = member->next;
    if (strcmp(member->container, container) != 0) continue;
    member->leaving = true;
    if (!member->worker) drop_member(member);
  }
}

/* A new network namespace, made by a process of its own: this one must stay in the host's, where uplinks start. */
static int make_network_namespace(void) {
  int sockets[2];
  struct message message;
  message_pair(sockets);
  pid_t maker = fork();
  if (maker == 0) {
    int made = unshare(CLONE_NEWNET) == 0 ? open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : -1;
    if (made >= 0) hub_prepare_namespace();
    _exit(made >= 0 && send_message(sockets[1], MESSAGE_NAMESPACES, NULL, 0, made) ? 0 : 1);
  }
  close(sockets[1]);
  bool good = maker > 0 && receive_message(sockets[0], &message);
  close(sockets[0]);
  if (maker > 0) waitpid(maker, NULL, 0);
  return good ? message.fd : -1;
}

/* Nothing else of the hub's stays open in it: the others' ends could not be seen any more. */
__attribute__((noreturn)) static void become_network(const char *id, const char *text, int namespace, int socket) {
  int fds[] = {namespace, socket};
  if (keep_only_descriptors(fds, 2) < 0) _exit(EXIT_TOOL);
  hub_network(id, text, fds[0], fds[1]);
}

static struct network *start_network(const struct hub_request *request) {
  struct network *network = calloc(1, sizeof *network);
  int sockets[2];
  if (!network) return NULL;
  network->namespace = make_network_namespace();
  if (network->namespace < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    if (network->namespace >= 0) close(network->namespace);
    free(network);
    return NULL;
  }
  snprintf(network->id, sizeof network->id, "%.64s", request->network);
  network->pid = fork();
  if (network->pid == 0) become_network(network->id, request->text, network->namespace, sockets[1]);
  close(sockets[1]);
  const struct timeval limit = {TAKES_S, 0};
  setsockopt(sockets[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  network->socket = sockets[0];
  network->next = table.networks;
  table.networks = network;
  return network;
}

static struct member *find_member(const char *container, const char *id) {
  struct member *member = table.members;
  while (member && (strcmp(member->container, container) != 0 || strcmp(member->network->id, id) != 0)) member = member->next;
  return member;
}

/* At the end of the list: networks are told of members in the order in which they came. */
static struct member *new_member(const struct hub_request *request) {
  struct network *network = table.networks;
  while (network && strcmp(network->id, request->network) != 0) network = network->next;
  if (!network) network = start_network(request);
  struct member *member = network ? calloc(1, sizeof *member) : NULL, **at = &table.members;
  if (!member) return NULL;
  snprintf(member->container, sizeof member->container, "%.64s", request->container);
  member->network = network;
  while (*at) at = &(*at)->next;
  *at = member;
  return member;
}

void members_ask(const struct hub_request *request, int client) {
  struct member *member = find_member(request->container, request->network);
  bool attach = request->type == MESSAGE_ATTACH;
  if (member && (member->worker || member->leaving)) {
    members_refuse(client, "Error: the container is on its way in or out\n");
    return;
  }
  if (attach == (member != NULL)) {
    members_refuse(client, member ? "Error: the container is in that network\n" : "Error: the container is not in that network\n");
    return;
  }
  if (!member) member = new_member(request);
  if (!member) {
    members_refuse(client, "Error: cannot make a network namespace\n");
    return;
  }
  member->leaving = request->type == MESSAGE_DETACH;
  struct hub_place place = {member->network->namespace, member->network->socket, table.says, client};
  pid_t worker = fork();
  if (worker == 0) hub_work(request, &place);
  if (worker > 0) {
    member->worker = worker;
    return;
  }
  if (!member->text) drop_member(member);
  else member->leaving = false;
  members_refuse(client, "Error: cannot fork\n");
}

static void tell_of_all(struct network *network) {
  for (const struct member *member = table.members; member; member = member->next)
    if (member->text) tell(network, MESSAGE_JOIN, member->text, member->length, -1);
  network->knows = true;
}

/* Who was in a network whose process ended leaves all its networks, and may come again. */
static void lose(const struct member *member) {
  char container[HUB_ID + 1];
  snprintf(container, sizeof container, "%s", member->container);
  table.lost(container);
  members_leave(container);
}

/* A worker has said what there is to say, or has ended: what comes next for the member need not wait for it. */
static void worker_done(struct member *member, bool good) {
  member->worker = 0;
  if (member->leaving || (!good && !member->text)) drop_member(member);
  else if (member->network->pid == 0) lose(member);
}

static struct member *member_of(const struct message *message) {
  const char *end = message->data + message->length, *network = message->data, *first = memchr(network, 0, message->length);
  if (!first || !memchr(first + 1, 0, (size_t)(end - first - 1))) return NULL;
  return find_member(first + 1, network);
}

/* All others know it before its own network's process answers the client. */
static void joined(struct member *member, const struct message *message) {
  char *text = member->leaving ? NULL : malloc(message->length);
  if (text) {
    memcpy(text, message->data, message->length);
    free(member->text);
    member->text = text;
    member->length = message->length;
    struct network *own = member->network;
    tell_all(MESSAGE_JOIN, text, member->length, own);
    if (!own->knows) tell_of_all(own);
    if (!tell(own, MESSAGE_JOIN, text, member->length, message->fd))
      members_refuse(message->fd, "Error: the network's process has ended\n");
  }
  worker_done(member, text);
}

static void left(struct member *member, const struct message *message) {
  worker_done(member, true);
  send_message(message->fd, MESSAGE_STARTED, NULL, 0, -1);
}

static void failed(struct member *member, const struct message *message) {
  size_t ids = strlen(member->network->id) + strlen(member->container) + 2;
  send_message(message->fd, MESSAGE_ERROR, message->data + ids, message->length - ids, -1);
  worker_done(member, false);
}

void members_hear(void) {
  static struct message message;
  while (receive_message(table.hears, &message)) {
    struct member *member = member_of(&message);
    if (member && message.type == MESSAGE_JOIN) joined(member, &message);
    if (member && message.type == MESSAGE_LEAVE) left(member, &message);
    if (member && message.type == MESSAGE_ERROR) failed(member, &message);
    if (message.fd >= 0) close(message.fd);
  }
}

/* Who waits for a worker is not hung up on before that has said why it failed: the network's own reason, mostly. */
static void network_ended(struct network *network) {
  network->pid = 0;
  network->knows = false;
  for (;;) {
    const struct member *member = table.members;
    while (member && (member->network != network || member->leaving || member->worker)) member = member->next;
    if (!member) return;
    lose(member);
  }
}

void members_reaped(pid_t pid, int status) {
  struct member *member = table.members;
  struct network *network = table.networks;
  while (member && member->worker != pid) member = member->next;
  while (network && network->pid != pid) network = network->next;
  if (member) worker_done(member, status == 0);
  else if (network) network_ended(network);
}
