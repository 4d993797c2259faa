#define _GNU_SOURCE
#include "forward-ends.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

socklen_t address_size(const union address *address) {
  return address->any.sa_family == AF_INET ? sizeof address->four : sizeof address->six;
}

unsigned short address_port(const union address *address) {
  return ntohs(address->any.sa_family == AF_INET ? address->four.sin_port : address->six.sin6_port);
}

void set_address_port(union address *address, unsigned short port) {
  if (address->any.sa_family == AF_INET) address->four.sin_port = htons(port);
  else address->six.sin6_port = htons(port);
}

bool same_host(const union address *one, const union address *other) {
  if (one->any.sa_family != other->any.sa_family) return false;
  if (one->any.sa_family == AF_INET) return one->four.sin_addr.s_addr == other->four.sin_addr.s_addr;
  return IN6_ARE_ADDR_EQUAL(&one->six.sin6_addr, &other->six.sin6_addr) && one->six.sin6_scope_id == other->six.sin6_scope_id;
}

static bool is_local(const union address *client) {
  if (client->any.sa_family == AF_INET) return (ntohl(client->four.sin_addr.s_addr) >> 24) == 127;
  return IN6_IS_ADDR_LOOPBACK(&client->six.sin6_addr) || IN6_IS_ADDR_LINKLOCAL(&client->six.sin6_addr);
}

static bool is_here(const union address *address) {
  int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool here = fd >= 0 && bind(fd, &address->any, address_size(address)) == 0;
  if (fd >= 0) close(fd);
  return here;
}

void forward_follow(struct forward_target *target) {
  struct ifaddrs *all;
  if (is_here(&target->target) || getifaddrs(&all) < 0) return;
  for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != target->target.any.sa_family || (one->ifa_flags & IFF_LOOPBACK)) continue;
    union address address;
    memset(&address, 0, sizeof address);
    memcpy(&address, one->ifa_addr, address_size(&target->target));
    if (is_local(&address)) continue;
    target->target = address;
    break;
  }
  freeifaddrs(all);
}

struct forward_target *forward_target_for(struct forward_target targets[2], const union address *client) {
  bool six = client->any.sa_family == AF_INET6;
  struct forward_target *same = &targets[six], *other = &targets[!six];
  return same->target.any.sa_family ? same : other->target.any.sa_family ? other : NULL;
}

union address forward_source(const struct forward_target *target, const union address *client) {
  bool known = client->any.sa_family == target->target.any.sa_family && !is_local(client) && !same_host(client, &target->source) &&
               !same_host(client, &target->target);
  return known ? *client : target->source;
}
