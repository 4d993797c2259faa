#include "hub-uplink6.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "hub-names.h"
#include "hub.h"
#include "netlink.h"

/*
 * libslirp asks for the neighbour that has the address of a member, and believes only an answer that comes from that
 * address: a proxy (RFC 4861, section 7.2.8) answers from its own. So the uplink's device has the members' addresses
 * besides, and answers as they would; the rules below keep the kernel from taking for its own what is to them.
 */
enum { TO_GATEWAY = 1, TO_MEMBERS, TO_ALL_OWN };

#define ROUTER "fe80::2" /* libslirp's, with the hardware address that it makes of that: nothing is asked from a member's address */
#define ROUTER_MAC "52:56:00:00:00:02"
#define IPV4_WITHIN "::/64" /* ::ffff:127.0.0.1: a connection of libslirp's to it goes to the host's loopback, allowed or not */

void uplink6_open(const struct plan *plan) {
  const struct operation *one;
  size_t from = 0;
  if (!plan_find(plan, "uplink6")) return;
  struct netlink netlink = netlink_open();
  while ((one = plan_next(plan, "uplink6", &from))) {
    const struct rule gateway = {.priority = TO_GATEWAY, .table = RT_TABLE_LOCAL, .to = one->words[1]};
    const struct rule members = {.priority = TO_MEMBERS, .table = RT_TABLE_MAIN, .to = one->words[2]};
    netlink_add_rule(&netlink, AF_INET6, &gateway);
    netlink_add_rule(&netlink, AF_INET6, &members);
    netlink_add_foreign_address(&netlink, HUB_TAP, one->words[1]); /* the resolver asks from it */
  }
  const struct rule own = {.priority = TO_ALL_OWN, .table = RT_TABLE_LOCAL};
  netlink_add_rule(&netlink, AF_INET6, &own);
  netlink_remove_local_rule(&netlink, AF_INET6);
  netlink_fix_neighbour(&netlink, HUB_TAP, ROUTER, ROUTER_MAC);
  netlink_refuse_route(&netlink, IPV4_WITHIN);
  netlink_add_default_route(&netlink, ROUTER, HUB_TAP);
  netlink_close(&netlink);
  set_network_sysctl("ipv6/conf/all/forwarding", "1");
}

/*
 * The kernel listens where it is asked for an address (RFC 4291, section 2.7.1) only when a worker of its comes to that. What
 * libslirp asks earlier would be lost, and with it the answer to the member's first connection, for six seconds.
 */
static void listen_for(const char *address, bool answers) {
  static int fd = -1;
  struct member_address member;
  struct ipv6_mreq group = {.ipv6mr_interface = if_nametoindex(HUB_TAP)};
  if (fd < 0) fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (!parse_member_address(address, &member)) return;
  inet_pton(AF_INET6, "ff02::1:ff00:0", &group.ipv6mr_multiaddr);
  memcpy(group.ipv6mr_multiaddr.s6_addr + 13, member.bytes + 13, 3);
  setsockopt(fd, IPPROTO_IPV6, answers ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &group, sizeof group);
}

void uplink6_answer(const char *address, bool answers) {
  if (!strchr(address, ':')) return;
  struct netlink netlink = netlink_open();
  if (answers) netlink_add_foreign_address(&netlink, HUB_TAP, address);
  else netlink_remove_address(&netlink, HUB_TAP, address);
  netlink_close(&netlink);
  listen_for(address, answers);
}
