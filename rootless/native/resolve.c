#define _GNU_SOURCE
#include "resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"

bool resolve_parse(const char *text, int port, struct resolve_address *address) {
  char plain[64];
  snprintf(plain, sizeof plain, "%.*s", (int)strcspn(text, "/"), text);
  memset(address, 0, sizeof *address);
  if (strchr(plain, ':')) {
    address->six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
    address->size = sizeof address->six;
    return inet_pton(AF_INET6, plain, &address->six.sin6_addr) == 1;
  }
  address->four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  address->size = sizeof address->four;
  return inet_pton(AF_INET, plain, &address->four.sin_addr) == 1;
}

struct member_address resolve_asker(const struct resolve_address *address) {
  struct member_address asker = {.family = address->any.sa_family};
  if (asker.family == AF_INET6) memcpy(asker.bytes, &address->six.sin6_addr, 16);
  else memcpy(asker.bytes, &address->four.sin_addr, 4);
  return asker;
}

bool resolve_own_server(const struct member_address *asker, int tried, int port, struct resolve_address *server) {
  struct member_address servers[NAMES_SERVERS];
  if (tried >= names_servers(asker, servers)) return false;
  memset(server, 0, sizeof *server);
  if (servers[tried].family == AF_INET6) {
    server->six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((unsigned short)port)};
    memcpy(&server->six.sin6_addr, servers[tried].bytes, 16);
    server->size = sizeof server->six;
  } else {
    server->four = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    memcpy(&server->four.sin_addr, servers[tried].bytes, 4);
    server->size = sizeof server->four;
  }
  return true;
}

static struct resolve_address from6; /* the kernel would choose a member's, which the uplink's device has: hub-uplink6.c */

void resolve_from(const char *const *addresses, int count) {
  for (int i = 0; i < count; i++)
    if (strchr(addresses[i], ':')) resolve_parse(addresses[i], 0, &from6);
}

int resolve_ask_socket(const struct resolve_address *server, int type) {
  int fd = socket(server->any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  bool six = server->any.sa_family == AF_INET6 && from6.size;
  if (fd >= 0 && (!six || bind(fd, &from6.any, from6.size) == 0) &&
      (connect(fd, &server->any, server->size) == 0 || errno == EINPROGRESS))
    return fd;
  if (fd >= 0) close(fd);
  return -1;
}

int resolve_socket(const char *text, int port, int type, bool serves) {
  struct resolve_address address;
  const int yes = 1;
  if (!resolve_parse(text, port, &address)) bug("%.60s is no address", text);
  int fd = socket(address.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && serves) setsockopt(fd, SOL_SOCKET, type == SOCK_DGRAM ? SO_REUSEPORT : SO_REUSEADDR, &yes, sizeof yes);
  if (fd < 0 || (serves ? bind : connect)(fd, &address.any, address.size) < 0)
    die_errno("cannot open the resolver's socket at %s", text);
  return fd;
}

void resolve_serve(int changes, int until) {
  static struct pollfd polls[RESOLVE_POLLS];
  enum { OWN = 2 };
  for (;;) {
    int by_udp, by_tcp;
    polls[0] = (struct pollfd){changes, POLLIN, 0};
    polls[1] = (struct pollfd){until, POLLIN, 0}; /* poll(2) passes over a descriptor of -1 */
    int udp = resolve_udp_watch(polls + OWN, &by_udp), tcp = resolve_tcp_watch(polls + OWN + udp, &by_tcp);
    if (poll(polls, (nfds_t)(OWN + udp + tcp), sooner(by_udp, by_tcp)) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (polls[1].revents) return;
    if (polls[0].revents) resolve_refresh();
    resolve_udp_serve(polls + OWN, udp);
    resolve_tcp_serve(polls + OWN + udp, tcp);
  }
}
