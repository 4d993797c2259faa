/*
 * The hub: one process for the bridge networks of a user. It holds the outer user namespace U with the user's whole map.
 * A container on a bridge network has its user namespace within U: so the hub has the rights to put network devices into
 * the container's network namespace, and the container has none in U.
 *
 *   DIR/socket   SOCK_SEQPACKET. Who connects is sent U (MESSAGE_NAMESPACES). A container is in its networks as long as the
 *                connection of its monitor is open: the kernel closes it whatever becomes of that.
 *   DIR/state    the hub's process id and start time
 *   DIR itself   is locked (flock(2)) by who starts a hub, and by a hub that is about to end
 *
 * Each network is a process (hub-network.c) in a network namespace that U owns, with a bridge, an uplink and a resolver.
 * The hub ends with its last connection. When it is killed, its networks end with it.
 */
#ifndef HUB_H
#define HUB_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

enum { HUB_ID = 64 };
#define HUB_BRIDGE "bridge0"
#define HUB_TAP "tap0"

/* A request as it comes: words[] point into the message. */
struct hub_request {
  bool detach;
  const char *container, *network, *text; /* text: a plan */
  int namespace; /* the container's network namespace */
};

/* The process of one network: doesn't return. `namespace`: its own to be; `socket`: to the hub. */
__attribute__((noreturn)) void hub_network(const char *text, int namespace, int socket);
/* A process that does one request, and answers at `client`; doesn't return. */
__attribute__((noreturn)) void hub_work(const struct hub_request *request, int namespace, int socket, int client);
/* Serves questions at the gateway's addresses, and what the hub says; doesn't return. */
__attribute__((noreturn)) void hub_resolve(const struct plan *plan, int socket);

#endif
