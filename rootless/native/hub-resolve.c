#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "hub.h"
#include "message.h"
#include "hub-uplink6.h"
#include "resolve.h"

static struct {
  int socket; /* to the hub */
  bool uplink6;
} network;

static void come(const char *address) {
  if (network.uplink6) uplink6_answer(address, true);
}

static void gone(const char *address) {
  if (network.uplink6) uplink6_answer(address, false);
}

void resolve_refresh(void) {
  static struct message message;
  while ((errno = 0, receive_message(network.socket, &message))) {
    if (message.type == MESSAGE_JOIN) names_join(message.data, message.length, come);
    if (message.type == MESSAGE_JOIN && message.fd >= 0) send_message(message.fd, MESSAGE_STARTED, NULL, 0, -1);
    if (message.type == MESSAGE_LEAVE) names_leave(message.data, message.length, gone);
    if (message.fd >= 0) close(message.fd);
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return;
  _exit(0); /* the last member has left */
}

static void open_sockets(const struct plan *plan) {
  const struct operation *bridge = plan_find(plan, "bridge");
  const char *upstream = plan_word(plan, "resolver", 1), *addresses[RESOLVE_ADDRESSES];
  int count = 0;
  if (!plan_find(plan, "resolver")) return;
  for (size_t i = 1; i < bridge->count && count < RESOLVE_ADDRESSES; i++) addresses[count++] = bridge->words[i];
  resolve_from(addresses, count);
  resolve_udp_open(addresses, count, RESOLVE_PORT, upstream);
  resolve_tcp_open(addresses, count, RESOLVE_PORT, upstream);
}

void hub_resolve(const char *id, const struct plan *plan, int socket, int uplink) {
  network.socket = socket;
  network.uplink6 = plan_find(plan, "uplink6");
  names_begin(id);
  open_sockets(plan);
  send_message(socket, MESSAGE_READY, NULL, 0, -1);
  report_to(-1);
  fcntl(socket, F_SETFL, O_NONBLOCK);
  resolve_serve(socket, uplink);
  _exit(EXIT_TOOL); /* without its uplink: who is in it comes back, and brings another */
}
