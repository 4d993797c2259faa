#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "dns.h"
#include "hub-names.h"
#include "hub.h"
#include "message.h"
#include "network.h"

enum { SERVERS_MAX = 8, PENDING = 512, ROUNDS = 64, PORT = 53 };

/* A question that was passed on: its answer comes with the number that this process gave it. */
struct pending {
  bool used;
  unsigned char id[2], own_id[2];
  int server;
  struct sockaddr_storage from;
  socklen_t size;
};

static struct {
  int servers[SERVERS_MAX], count, upstream;
  struct pending pending[PENDING];
  unsigned next;
  const char *api; /* of the uplink */
} resolver = {.upstream = -1};

static bool fill_address(const char *text, struct sockaddr_storage *address, socklen_t *size) {
  char plain[64];
  snprintf(plain, sizeof plain, "%.*s", (int)strcspn(text, "/"), text);
  memset(address, 0, sizeof *address);
  struct sockaddr_in *four = (struct sockaddr_in *)address;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
  if (strchr(plain, ':')) {
    *six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    *size = sizeof *six;
    return inet_pton(AF_INET6, plain, &six->sin6_addr) == 1;
  }
  *four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
  *size = sizeof *four;
  return inet_pton(AF_INET, plain, &four->sin_addr) == 1;
}

static int open_socket(const char *text, bool serves) {
  struct sockaddr_storage address;
  socklen_t size;
  if (!fill_address(text, &address, &size)) bug("%.60s is no address", text);
  int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || (serves ? bind : connect)(fd, (struct sockaddr *)&address, size) < 0)
    die_errno("cannot open the resolver's socket at %s", text);
  return fd;
}

static void reply(int server, const void *data, size_t length, const struct sockaddr_storage *to, socklen_t size) {
  if (length) sendto(server, data, length, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)to, size);
}

/* The oldest question is forgotten for a new one: who floods waits for answers, and nobody else does for long. */
static void pass_on(struct pending *asked, unsigned char *packet, size_t length) {
  unsigned slot = resolver.next++ % PENDING;
  memcpy(asked->id, packet, 2);
  if (getrandom(asked->own_id, 2, 0) != 2) return;
  memcpy(packet, asked->own_id, 2);
  asked->used = true;
  resolver.pending[slot] = *asked;
  if (send(resolver.upstream, packet, length, MSG_NOSIGNAL) >= 0 || errno == EAGAIN) return;
  unsigned char answer[DNS_MAX];
  memcpy(packet, asked->id, 2);
  resolver.pending[slot].used = false;
  reply(asked->server, answer, dns_refuse(packet, length, 2, answer), &asked->from, asked->size);
}

static bool take_question(int server) {
  unsigned char packet[DNS_MAX], answer[DNS_MAX];
  struct pending asked = {.server = server, .size = sizeof asked.from};
  ssize_t got = recvfrom(server, packet, sizeof packet, 0, (struct sockaddr *)&asked.from, &asked.size);
  if (got < 0) return false;
  size_t size = 0;
  switch (dns_consider(packet, (size_t)got, answer, &size)) {
  case DNS_DROP: return true;
  case DNS_ANSWER: reply(server, answer, size, &asked.from, asked.size); return true;
  case DNS_FORWARD: break;
  }
  if (resolver.upstream >= 0) pass_on(&asked, packet, (size_t)got);
  else reply(server, answer, dns_refuse(packet, (size_t)got, 3, answer), &asked.from, asked.size);
  return true;
}

static bool take_answer(void) {
  unsigned char packet[DNS_MAX];
  ssize_t got = recv(resolver.upstream, packet, sizeof packet, 0);
  if (got < 0) return errno == ECONNREFUSED;
  if (got < DNS_HEADER) return true;
  for (struct pending *asked = resolver.pending; asked < resolver.pending + PENDING; asked++) {
    if (!asked->used || memcmp(asked->own_id, packet, 2) != 0) continue;
    memcpy(packet, asked->id, 2);
    asked->used = false;
    reply(asked->server, packet, (size_t)got, &asked->from, asked->size);
    return true;
  }
  return true;
}

/* The uplink's list is objects with "id" before "guest_addr": slirp4netns(1), list_hostfwd. */
static void unpublish(const char *address) {
  static char list[NETWORK_ANSWER], said[NETWORK_ANSWER];
  char wanted[128], json[96];
  snprintf(wanted, sizeof wanted, "\"%.*s\"", (int)strcspn(address, "/"), address);
  if (!resolver.api || !network_ask(resolver.api, "{\"execute\":\"list_hostfwd\"}", list)) return;
  for (char *entry = strstr(list, "\"id\""); entry;) {
    char *next = strstr(entry + 4, "\"id\"");
    if (next) next[-1] = 0;
    int id = atoi(entry + 4 + strspn(entry + 4, ": "));
    snprintf(json, sizeof json, "{\"execute\":\"remove_hostfwd\",\"arguments\":{\"id\":%d}}", id);
    if (strstr(entry, wanted)) network_ask(resolver.api, json, said);
    entry = next;
  }
}

static void hear_hub(int socket) {
  static struct message message;
  if (!receive_message(socket, &message)) { /* the last member has left */
    if (resolver.api) unlink(resolver.api);
    _exit(0);
  }
  if (message.type == MESSAGE_JOIN) names_join(message.data, message.length);
  if (message.type == MESSAGE_JOIN && message.fd >= 0) send_message(message.fd, MESSAGE_STARTED, NULL, 0, -1);
  if (message.type == MESSAGE_LEAVE) names_leave(message.data, unpublish);
  if (message.fd >= 0) close(message.fd);
}

static void open_sockets(const struct plan *plan) {
  const struct operation *bridge = plan_find(plan, "bridge");
  const char *upstream = plan_word(plan, "resolver", 1);
  resolver.api = plan_word(plan, "uplink", 1);
  if (!plan_find(plan, "resolver")) return;
  for (size_t i = 1; i < bridge->count && resolver.count < SERVERS_MAX; i++)
    resolver.servers[resolver.count++] = open_socket(bridge->words[i], true);
  if (upstream) resolver.upstream = open_socket(upstream, false);
}

void hub_resolve(const struct plan *plan, int socket) {
  struct pollfd polls[SERVERS_MAX + 2];
  open_sockets(plan);
  send_message(socket, MESSAGE_READY, NULL, 0, -1);
  report_to(-1);
  int count = resolver.count;
  polls[0] = (struct pollfd){socket, POLLIN, 0};
  polls[1] = (struct pollfd){resolver.upstream, POLLIN, 0}; /* poll(2) passes over a descriptor of -1 */
  for (int i = 0; i < count; i++) polls[i + 2] = (struct pollfd){resolver.servers[i], POLLIN, 0};
  for (;;) {
    if (poll(polls, (nfds_t)count + 2, -1) < 0 && errno != EINTR) _exit(EXIT_TOOL);
    if (polls[0].revents) hear_hub(socket);
    /* A flood at one address keeps neither the others nor the hub waiting. */
    for (int left = polls[1].revents ? ROUNDS : 0; left > 0 && take_answer(); left--) continue;
    for (int i = 0; i < count; i++)
      for (int left = polls[i + 2].revents ? ROUNDS : 0; left > 0 && take_question(resolver.servers[i]); left--) continue;
  }
}
