/* Who talks to whom in a container's network namespace, for a client of a port of the host's. */
#ifndef FORWARD_ENDS_H
#define FORWARD_ENDS_H

#include <netinet/in.h>
#include <stdbool.h>

union address {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
};

/* The container in one family; another address of its own where it has that no more. `source`: who connects to it for clients that have no address there, as those of a loopback. */
struct forward_target {
  union address target, source;
};

socklen_t address_size(const union address *address);
unsigned short address_port(const union address *address);
void set_address_port(union address *address, unsigned short port);
/* Ports aside; false for two families. */
bool same_host(const union address *one, const union address *other);

/* That of the client's family, or the other one; NULL: the container has no network. */
struct forward_target *forward_target_for(struct forward_target targets[2], const union address *client);
/* Its networks can change while it runs. */
void forward_follow(struct forward_target *target);
/* Who the client is there, or who stands in for it: then with a port of 0. */
union address forward_source(const struct forward_target *target, const union address *client);

#endif
