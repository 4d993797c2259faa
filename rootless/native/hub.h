/*
 * The hub: one process for the bridge networks of a user. It holds the outer user namespace U with the user's whole map.
 * A container on a bridge network has its user namespace within U: so the hub has the rights to put network devices into
 * the container's network namespace, and the container has none in U.
 *
 *   DIR/socket   SOCK_SEQPACKET. Who connects is sent U (MESSAGE_NAMESPACES). A container is in its networks as long as the
 *                connection of its monitor, which says MESSAGE_HOLD, is open: the kernel closes it whatever becomes of that.
 *   DIR/state    the hub's process id and start time
 *   DIR itself   is locked (flock(2)) by who starts a hub, and by a hub that is about to end
 *
 * Each network is a process (hub-network.c) in a network namespace that U owns, with a bridge, an uplink and a resolver.
 * Each request is a process too (hub-work.c), so that the hub waits for nobody; its table is hub-members.c.
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
  unsigned char type; /* MESSAGE_ATTACH, MESSAGE_CHANGE, MESSAGE_DETACH */
  const char *container, *network, *text; /* text: a plan */
  int namespace; /* the container's network namespace */
};

/* The process of one network: doesn't return. `namespace`: its own to be; `socket`: to the hub. */
__attribute__((noreturn)) void hub_network(const char *id, const char *text, int namespace, int socket);

/* For all devices of the network namespace that this process is in and that has none yet. */
void hub_prepare_namespace(void);

/* Where a process that does a request finds the rest. */
struct hub_place {
  int namespace, network; /* of the network, and the hub's end of the socket to its process */
  int said;               /* to the hub: MESSAGE_JOIN, MESSAGE_LEAVE, MESSAGE_ERROR */
  int client;             /* who has asked, and is answered */
};

__attribute__((noreturn)) void hub_work(const struct hub_request *request, const struct hub_place *place);
/* Serves questions at the gateway's addresses, and what the hub says, while the uplink (a pidfd; -1: none) lives; doesn't return. */
__attribute__((noreturn)) void hub_resolve(const char *id, const struct plan *plan, int socket, int uplink);

#endif
