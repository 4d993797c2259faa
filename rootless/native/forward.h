/*
 * Connections to ports of the host's are carried on to a container: the kernel moves the bytes (splice(2)), and the
 * container sees who connected, since the other end is made in its own network namespace with the client's address.
 */
#ifndef FORWARD_H
#define FORWARD_H

#include <netinet/in.h>
#include <stddef.h>

/* What packets of the forwarded connections are known by, on both ways. */
enum { FORWARD_MARK = 0x74736370 };

union address {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
};

/* The container in one family; another address of its own where it has that no more. `source`: who connects to it for clients that have no address there, as those of a loopback. */
struct forward_target {
  union address target, source;
};

struct forward_port {
  int listener; /* does not block */
  unsigned short port; /* of the container's */
};

/* Runs in the container's network namespace, with CAP_NET_ADMIN there; a family of 0 in targets: none. Doesn't return. */
__attribute__((noreturn)) void forward(const struct forward_port *ports, size_t count, struct forward_target targets[2]);

#endif
