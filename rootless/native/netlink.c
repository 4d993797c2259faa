#define _GNU_SOURCE
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/fib_rules.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"

enum { REQUEST_MAX = 8192, BRIDGE_PORT_LOCKED = 39 /* IFLA_BRPORT_LOCKED, if_link.h of Linux 5.18 */ };

struct request {
  _Alignas(struct nlmsghdr) char bytes[REQUEST_MAX];
};

static struct nlmsghdr *header_of(struct request *request) { return (struct nlmsghdr *)request->bytes; }

/* What stands between the header and the attributes, e.g. a struct ifinfomsg. */
static void *begin(struct request *request, int type, int flags, size_t size) {
  memset(request, 0, sizeof *request);
  struct nlmsghdr *header = header_of(request);
  header->nlmsg_type = (unsigned short)type;
  header->nlmsg_flags = (unsigned short)(NLM_F_REQUEST | NLM_F_ACK | flags);
  header->nlmsg_len = (unsigned)NLMSG_LENGTH(size);
  return NLMSG_DATA(header);
}

static struct rtattr *put(struct request *request, int type, const void *data, size_t size) {
  struct nlmsghdr *header = header_of(request);
  size_t at = NLMSG_ALIGN(header->nlmsg_len);
  if (at + RTA_SPACE(size) > sizeof request->bytes) bug("a request to the kernel is too long");
  struct rtattr *attribute = (struct rtattr *)(request->bytes + at);
  attribute->rta_type = (unsigned short)type;
  attribute->rta_len = (unsigned short)RTA_LENGTH(size);
  if (size) memcpy(RTA_DATA(attribute), data, size);
  header->nlmsg_len = (unsigned)(at + RTA_SPACE(size));
  return attribute;
}

static void put_text(struct request *request, int type, const char *text) { put(request, type, text, strlen(text) + 1); }
static void put_number(struct request *request, int type, unsigned value) { put(request, type, &value, sizeof value); }

/* All that was put since `outer` is in it. */
static void close_nest(struct request *request, struct rtattr *outer) {
  outer->rta_len = (unsigned short)(request->bytes + header_of(request)->nlmsg_len - (char *)outer);
}

static void parse_mac(const char *text, unsigned char mac[6]) {
  if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6)
    bug("%.20s is no hardware address", text);
}

/* 0, or the kernel's errno. */
static int ask(struct netlink *netlink, struct request *request) {
  struct nlmsghdr *header = header_of(request);
  header->nlmsg_seq = ++netlink->sequence;
  if (send(netlink->fd, request->bytes, header->nlmsg_len, 0) < 0) return errno;
  for (;;) {
    _Alignas(struct nlmsghdr) char answer[4096];
    ssize_t got = recv(netlink->fd, answer, sizeof answer, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    const struct nlmsghdr *said = (const struct nlmsghdr *)answer;
    if ((size_t)got < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || said->nlmsg_seq != netlink->sequence) continue;
    if (said->nlmsg_type == NLMSG_ERROR) return -((const struct nlmsgerr *)NLMSG_DATA(said))->error;
  }
}

/* Connected to the kernel, port 0: what processes with CAP_NET_ADMIN in the namespace send here is refused, netlink(7). */
struct netlink netlink_open(void) {
  const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  struct netlink netlink = {socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), 0};
  if (netlink.fd < 0 || connect(netlink.fd, (const struct sockaddr *)&kernel, sizeof kernel) < 0)
    die_errno("cannot talk to the kernel about the network (netlink)");
  return netlink;
}

void netlink_close(struct netlink *netlink) { close(netlink->fd); }

static void must(int error, const char *verb, const char *what) {
  errno = error;
  if (error) die_errno("cannot %s %s", verb, what);
}

static unsigned index_of(const char *name) {
  unsigned index = if_nametoindex(name);
  if (!index) die_errno("cannot find the network device %s", name);
  return index;
}

void netlink_make_bridge(struct netlink *netlink, const char *name, unsigned mtu) {
  struct request request;
  begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
  put_text(&request, IFLA_IFNAME, name);
  /* Else it has that of the lowest port, so that it would change while others know it, as ports come and go. */
  unsigned char mac[6];
  if (getrandom(mac, sizeof mac, 0) != sizeof mac) die_errno("getrandom");
  mac[0] = (unsigned char)((mac[0] & 0xfc) | 2);
  put(&request, IFLA_ADDRESS, mac, sizeof mac);
  if (mtu) put_number(&request, IFLA_MTU, mtu);
  struct rtattr *info = put(&request, IFLA_LINKINFO, NULL, 0);
  put_text(&request, IFLA_INFO_KIND, "bridge");
  close_nest(&request, info);
  int error = ask(netlink, &request);
  if (error == EOPNOTSUPP) set_hint("sudo modprobe bridge");
  must(error, "make the bridge", name);
}

/* A free name: chosen here, since the kernel doesn't tell the one that it chooses. */
static void choose_name(char name[IFNAMSIZ]) {
  unsigned number;
  if (getrandom(&number, sizeof number, 0) != sizeof number) die_errno("getrandom");
  snprintf(name, IFNAMSIZ, "veth%08x", number);
}

/*
 * What comes in by a port of a bridge from another hardware address is dropped: bridge(8), locked; kernels before 5.18 don't
 * know it. Nor does anything for another go out by it, as the bridge does with what is for a member that has gone.
 */
static void lock_port(struct netlink *netlink, unsigned index, const unsigned char mac[6]) {
  struct request request;
  struct ifinfomsg *port = begin(&request, RTM_SETLINK, 0, sizeof *port);
  port->ifi_family = AF_BRIDGE;
  port->ifi_index = (int)index;
  const unsigned char yes = 1, no = 0;
  struct rtattr *info = put(&request, IFLA_PROTINFO | NLA_F_NESTED, NULL, 0);
  put(&request, BRIDGE_PORT_LOCKED, &yes, 1);
  put(&request, IFLA_BRPORT_LEARNING, &no, 1);
  put(&request, IFLA_BRPORT_UNICAST_FLOOD, &no, 1);
  close_nest(&request, info);
  must(ask(netlink, &request), "lock the port of", "a network device");
  struct ndmsg *entry = begin(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof *entry);
  entry->ndm_family = AF_BRIDGE;
  entry->ndm_ifindex = (int)index;
  entry->ndm_flags = NTF_MASTER;
  entry->ndm_state = NUD_NOARP;
  put(&request, NDA_LLADDR, mac, 6);
  must(ask(netlink, &request), "tell the bridge of", "a network device");
}

unsigned netlink_make_veth(struct netlink *netlink, const struct veth *veth) {
  struct request request;
  char name[IFNAMSIZ];
  unsigned char mac[6];
  choose_name(name);
  parse_mac(veth->peer_mac, mac);
  struct ifinfomsg *own = begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof *own);
  own->ifi_flags = own->ifi_change = IFF_UP;
  put_text(&request, IFLA_IFNAME, name);
  put_number(&request, IFLA_MASTER, index_of(veth->bridge));
  if (veth->mtu) put_number(&request, IFLA_MTU, veth->mtu);
  struct rtattr *info = put(&request, IFLA_LINKINFO, NULL, 0);
  put_text(&request, IFLA_INFO_KIND, "veth");
  struct rtattr *data = put(&request, IFLA_INFO_DATA, NULL, 0);
  struct ifinfomsg peer = {.ifi_family = AF_UNSPEC};
  struct rtattr *other = put(&request, VETH_INFO_PEER, &peer, sizeof peer);
  put_text(&request, IFLA_IFNAME, veth->peer_name);
  put(&request, IFLA_ADDRESS, mac, sizeof mac);
  if (veth->mtu) put_number(&request, IFLA_MTU, veth->mtu);
  put_number(&request, IFLA_NET_NS_FD, (unsigned)veth->peer_namespace);
  close_nest(&request, other);
  close_nest(&request, data);
  close_nest(&request, info);
  int error = ask(netlink, &request);
  if (error == EOPNOTSUPP) set_hint("sudo modprobe veth");
  must(error, "make the container's network device", veth->peer_name);
  unsigned index = index_of(name);
  lock_port(netlink, index, mac);
  return index;
}

/* tc(8): a "clsact" with a filter "bpf", direct-action. */
bool netlink_filter(struct netlink *netlink, unsigned index, const struct sock_filter *code, size_t count) {
  struct request request;
  struct tcmsg *queue = begin(&request, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, sizeof *queue);
  queue->tcm_ifindex = (int)index;
  queue->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  queue->tcm_parent = TC_H_CLSACT;
  put_text(&request, TCA_KIND, "clsact");
  if (ask(netlink, &request)) return false;
  struct tcmsg *filter = begin(&request, RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_EXCL, sizeof *filter);
  filter->tcm_ifindex = (int)index;
  filter->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
  filter->tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL));
  put_text(&request, TCA_KIND, "bpf");
  struct rtattr *options = put(&request, TCA_OPTIONS, NULL, 0);
  const unsigned short length = (unsigned short)count;
  put(&request, TCA_BPF_OPS_LEN, &length, sizeof length);
  put(&request, TCA_BPF_OPS, code, count * sizeof *code);
  put_number(&request, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  close_nest(&request, options);
  return ask(netlink, &request) == 0;
}

bool netlink_remove_link(struct netlink *netlink, const char *name) {
  struct request request;
  unsigned index = if_nametoindex(name);
  if (!index) return false;
  struct ifinfomsg *about = begin(&request, RTM_DELLINK, 0, sizeof *about);
  about->ifi_index = (int)index;
  int error = ask(netlink, &request);
  if (error != ENODEV) must(error, "remove the network device", name);
  return error == 0;
}

void netlink_raise(struct netlink *netlink, const char *name) {
  struct request request;
  struct ifinfomsg *about = begin(&request, RTM_NEWLINK, 0, sizeof *about);
  about->ifi_index = (int)index_of(name);
  about->ifi_flags = about->ifi_change = IFF_UP;
  must(ask(netlink, &request), "raise the network device", name);
}

void netlink_size(struct netlink *netlink, const char *name, unsigned mtu, unsigned queue) {
  struct request request;
  struct ifinfomsg *about = begin(&request, RTM_NEWLINK, 0, sizeof *about);
  about->ifi_index = (int)index_of(name);
  put_number(&request, IFLA_MTU, mtu);
  put_number(&request, IFLA_TXQLEN, queue);
  must(ask(netlink, &request), "set up the network device", name);
}

/* Its bytes' number; dies on what is no address. */
static size_t parse_address(const char *text, int *family, unsigned char bytes[16]) {
  *family = strchr(text, ':') ? AF_INET6 : AF_INET;
  if (inet_pton(*family, text, bytes) != 1) bug("%.60s is no address", text);
  return *family == AF_INET6 ? 16 : 4;
}

/* With or without a prefix, of which the length is given; else it is that of one address. */
static struct prefix {
  int family, length;
  size_t size;
  unsigned char bytes[16];
} parse_prefix(const char *text) {
  char address[64];
  struct prefix prefix;
  size_t length = strcspn(text, "/");
  snprintf(address, sizeof address, "%.*s", (int)length, text);
  prefix.size = parse_address(address, &prefix.family, prefix.bytes);
  prefix.length = text[length] ? atoi(text + length + 1) : (int)prefix.size * 8;
  return prefix;
}

void netlink_fix_neighbour(struct netlink *netlink, const char *device, const char *text, const char *mac) {
  struct request request;
  unsigned char hardware[6];
  const struct prefix address = parse_prefix(text);
  parse_mac(mac, hardware);
  struct ndmsg *about = begin(&request, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof *about);
  about->ndm_family = (unsigned char)address.family;
  about->ndm_ifindex = (int)index_of(device);
  about->ndm_state = NUD_PERMANENT;
  put(&request, NDA_DST, address.bytes, address.size);
  put(&request, NDA_LLADDR, hardware, sizeof hardware);
  must(ask(netlink, &request), "tell the gateway of", text);
}

static void begin_address(struct request *request, int type, int flags, const char *device, const struct prefix *address) {
  struct ifaddrmsg *about = begin(request, type, flags, sizeof *about);
  about->ifa_family = (unsigned char)address->family;
  about->ifa_prefixlen = (unsigned char)address->length;
  about->ifa_flags = IFA_F_NODAD;
  about->ifa_index = index_of(device);
  put(request, IFA_LOCAL, address->bytes, address->size);
  put(request, IFA_ADDRESS, address->bytes, address->size);
}

void netlink_add_address(struct netlink *netlink, const char *device, const char *text) {
  struct request request;
  if (!strchr(text, '/')) bug("%.60s has no prefix", text);
  const struct prefix address = parse_prefix(text);
  begin_address(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, device, &address);
  if (address.family == AF_INET && address.length < 31) {
    unsigned mask = htonl(0xffffffffu >> address.length), last;
    memcpy(&last, address.bytes, 4);
    last |= mask;
    put(&request, IFA_BROADCAST, &last, 4);
  }
  must(ask(netlink, &request), "add the address", text);
}

void netlink_add_foreign_address(struct netlink *netlink, const char *device, const char *text) {
  struct request request;
  struct prefix address = parse_prefix(text);
  address.length = (int)address.size * 8;
  begin_address(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, device, &address);
  put_number(&request, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
  const struct ifa_cacheinfo never_preferred = {.ifa_prefered = 0, .ifa_valid = UINT32_MAX};
  put(&request, IFA_CACHEINFO, &never_preferred, sizeof never_preferred);
  must(ask(netlink, &request), "add the address", text);
}

void netlink_remove_address(struct netlink *netlink, const char *device, const char *text) {
  struct request request;
  struct prefix address = parse_prefix(text);
  address.length = (int)address.size * 8;
  begin_address(&request, RTM_DELADDR, 0, device, &address);
  int error = ask(netlink, &request);
  if (error != EADDRNOTAVAIL) must(error, "remove the address", text);
}

static struct rtmsg *begin_route(struct request *request, int family, unsigned table) {
  struct rtmsg *about = begin(request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, sizeof *about);
  about->rtm_family = (unsigned char)family;
  about->rtm_table = (unsigned char)table;
  about->rtm_protocol = RTPROT_STATIC;
  about->rtm_type = RTN_UNICAST;
  return about;
}

static void end_route(struct netlink *netlink, struct request *request, const char *verb, const char *what) {
  int error = ask(netlink, request);
  if (error != EEXIST) must(error, verb, what);
}

void netlink_add_default_route(struct netlink *netlink, const char *gateway, const char *device) {
  struct request request;
  const struct prefix address = parse_prefix(gateway);
  begin_route(&request, address.family, RT_TABLE_MAIN);
  put(&request, RTA_GATEWAY, address.bytes, address.size);
  if (device) put_number(&request, RTA_OIF, index_of(device));
  end_route(netlink, &request, "add the default route by", gateway);
}

void netlink_refuse_route(struct netlink *netlink, const char *text) {
  struct request request;
  const struct prefix to = parse_prefix(text);
  struct rtmsg *about = begin_route(&request, to.family, RT_TABLE_MAIN);
  about->rtm_type = RTN_UNREACHABLE;
  about->rtm_dst_len = (unsigned char)to.length;
  put(&request, RTA_DST, to.bytes, to.size);
  end_route(netlink, &request, "close the route to", text);
}

void netlink_add_rule(struct netlink *netlink, int family, const struct rule *rule) {
  struct request request;
  struct fib_rule_hdr *about = begin(&request, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, sizeof *about);
  about->family = (unsigned char)family;
  about->action = FR_ACT_TO_TBL;
  about->table = (unsigned char)rule->table;
  if (rule->to) {
    const struct prefix to = parse_prefix(rule->to);
    about->dst_len = (unsigned char)to.length;
    put(&request, FRA_DST, to.bytes, to.size);
  }
  if (rule->mark) put_number(&request, FRA_FWMARK, rule->mark);
  if (rule->first_port) {
    const struct fib_rule_port_range ports = {rule->first_port, rule->last_port};
    const unsigned char udp = IPPROTO_UDP;
    put(&request, FRA_IP_PROTO, &udp, sizeof udp);
    put(&request, FRA_SPORT_RANGE, &ports, sizeof ports);
  }
  put_number(&request, FRA_PRIORITY, rule->priority);
  end_route(netlink, &request, "add a rule to", "the routes");
}

void netlink_remove_local_rule(struct netlink *netlink, int family) {
  struct request request;
  struct fib_rule_hdr *about = begin(&request, RTM_DELRULE, 0, sizeof *about);
  about->family = (unsigned char)family;
  about->action = FR_ACT_TO_TBL;
  about->table = RT_TABLE_LOCAL;
  put_number(&request, FRA_PRIORITY, 0);
  must(ask(netlink, &request), "remove a rule of", "the routes");
}

void netlink_keep_marked(struct netlink *netlink, int family, unsigned mark, unsigned table) {
  struct request request;
  const struct rule rule = {.priority = table, .table = table, .mark = mark};
  netlink_add_rule(netlink, family, &rule);
  struct rtmsg *route = begin_route(&request, family, table);
  route->rtm_type = RTN_LOCAL;
  route->rtm_scope = RT_SCOPE_HOST;
  put_number(&request, RTA_OIF, index_of("lo"));
  end_route(netlink, &request, "add a route to", "lo");
}

bool netlink_route_address(struct netlink *netlink, const struct address_route *route, bool make) {
  struct request request;
  const size_t size = route->family == AF_INET ? 4 : 16;
  struct rtmsg *about = begin_route(&request, route->family, route->table);
  about->rtm_dst_len = (unsigned char)(size * 8);
  about->rtm_scope = route->family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  header_of(&request)->nlmsg_type = make ? RTM_NEWROUTE : RTM_DELROUTE;
  header_of(&request)->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (make ? NLM_F_CREATE | NLM_F_REPLACE : 0);
  put(&request, RTA_DST, route->to, size);
  put(&request, RTA_PREFSRC, route->from, size);
  put_number(&request, RTA_OIF, route->device);
  return ask(netlink, &request) == 0;
}

bool try_network_sysctl(const char *key, const char *value) {
  char path[128];
  snprintf(path, sizeof path, "/proc/sys/net/%s", key);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT;
  bool good = write(fd, value, strlen(value)) >= 0;
  close(fd);
  return good;
}

void set_network_sysctl(const char *key, const char *value) {
  if (!try_network_sysctl(key, value)) die_errno("cannot set /proc/sys/net/%s", key);
}
