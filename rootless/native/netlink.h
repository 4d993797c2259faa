/* Network devices, addresses and routes of the caller's network namespace: rtnetlink(7). Each dies on an error. */
#ifndef NETLINK_H
#define NETLINK_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

struct netlink {
  int fd;
  unsigned sequence;
};

/* Opened in a network namespace, it stays with that one. */
struct netlink netlink_open(void);
void netlink_close(struct netlink *netlink);

struct veth {
  const char *bridge; /* that its own end is a port of */
  int peer_namespace; /* a network namespace */
  const char *peer_name, *peer_mac;
  unsigned mtu; /* 0: the kernel's choice */
};

void netlink_make_bridge(struct netlink *netlink, const char *name, unsigned mtu);
/* The container's end is heard with that hardware address only. Gives the number of the bridge's end. */
unsigned netlink_make_veth(struct netlink *netlink, const struct veth *veth);
/* What comes in by that device goes by this program's verdict (TC_ACT_...). False: the kernel has no such filters. */
bool netlink_filter(struct netlink *netlink, unsigned index, const struct sock_filter *code, size_t count);
/* False: there is none of that name. */
bool netlink_remove_link(struct netlink *netlink, const char *name);
void netlink_raise(struct netlink *netlink, const char *name);
/* Bytes of a packet, and how many of these wait in it. */
void netlink_size(struct netlink *netlink, const char *name, unsigned mtu, unsigned queue);
/* `10.89.0.2/24` or `fd00::2/64`; without IPv6's search for doubles. */
void netlink_add_address(struct netlink *netlink, const char *device, const char *text);
/* Whose address that is, whatever others on the device say: ARP and NDP don't change it. */
void netlink_fix_neighbour(struct netlink *netlink, const char *device, const char *text, const char *mac);
/* An address without a network of its own, which nothing is sent from: what is to it goes where the rules and routes say. */
void netlink_add_foreign_address(struct netlink *netlink, const char *device, const char *text);
void netlink_remove_address(struct netlink *netlink, const char *device, const char *text);
/* The default route by a gateway; where one is there already, that stays. `device`: NULL, unless the gateway is of a link (fe80::). */
void netlink_add_default_route(struct netlink *netlink, const char *gateway, const char *device);
/* Nothing goes to that network; who tries is told. */
void netlink_refuse_route(struct netlink *netlink, const char *text);

/* Which table of routes is looked at, in which order: ip-rule(8). `to`: NULL, a network, or an address; `mark`: 0 is any;
 * with ports: what UDP sends from these. */
struct rule {
  unsigned priority, table, mark;
  const char *to;
  unsigned short first_port, last_port;
};

void netlink_add_rule(struct netlink *netlink, int family, const struct rule *rule);
/* The one by which the namespace's own addresses come first: to be made anew with another priority. */
void netlink_remove_local_rule(struct netlink *netlink, int family);
/* What is marked so stays in this network namespace, wherever it is to: in a table of its own. */
void netlink_keep_marked(struct netlink *netlink, int family, unsigned mark, unsigned table);

/* One address, in network byte order: by which device, and from which address, what is to it goes. */
struct address_route {
  int family;
  unsigned table, device;
  const void *to, *from;
};

/* Makes it, also in another's place, or takes it away. False: the kernel refuses. */
bool netlink_route_address(struct netlink *netlink, const struct address_route *route, bool make);

/* `ipv4/ip_forward` of this network namespace; a key that the kernel lacks (no IPv6) is no error. */
void set_network_sysctl(const char *key, const char *value);
/* False, with errno: it can't be, as in a container whose /proc/sys is read-only. */
bool try_network_sysctl(const char *key, const char *value);

#endif
