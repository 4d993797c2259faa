/*
 * Connections to ports of the host's are carried on to a container: the kernel moves the bytes (splice(2)), and the
 * container sees who connected, since the other end is made in its own network namespace with the client's address.
 * Datagrams: forward-udp.h.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include <stdbool.h>
#include <stddef.h>

#include "forward-ends.h"

/* What packets of the forwarded connections are known by, on both ways. */
enum { FORWARD_MARK = 0x74736370 };

struct forward_port {
  int listener; /* does not block */
  unsigned short port; /* of the container's */
  bool udp;
};

struct forwarding {
  struct forward_port *ports;
  size_t count;
  struct forward_target targets[2]; /* IPv4, IPv6; a family of 0: none */
  int device; /* udp_open()'s, forward-udp.h; -1: no port is UDP's */
};

/* Runs in the container's network namespace, with CAP_NET_ADMIN there. Doesn't return. */
__attribute__((noreturn)) void forward(struct forwarding *forwarding);

#endif
