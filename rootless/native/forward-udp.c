#define _GNU_SOURCE
#include "forward-udp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "forward-flows.h"
#include "forward-packet.h"
#include "netlink.h"

#define DEVICE "tsc-udp"

enum { TABLE = 117, MTU = 65535, QUEUE = 1000, ROUNDS = 64, FOLLOW_MS = 1000 };

static struct {
  struct forward_target *targets;
  union address known[2]; /* the targets that the flows are to */
  long long followed;
  struct netlink netlink;
  unsigned index;
  int device;
} udp;

static unsigned char bytes[PACKET_MAX];

union about {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

bool udp_tell_address(int listener, int family) {
  int one = 1;
  if (family == AF_INET) return setsockopt(listener, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) == 0;
  return setsockopt(listener, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof one) == 0;
}

static void route(const union address *source, const union address *target, bool begin) {
  bool four = source->any.sa_family == AF_INET;
  const struct address_route wish = {
      .family = source->any.sa_family,
      .table = TABLE,
      .device = udp.index,
      .to = four ? (const void *)&source->four.sin_addr : &source->six.sin6_addr,
      .from = four ? (const void *)&target->four.sin_addr : &target->six.sin6_addr,
  };
  netlink_route_address(&udp.netlink, &wish, begin); /* what a container has done to its device is its own affair */
}

static void make_device(void) {
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, .ifr_name = DEVICE};
  udp.device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (udp.device < 0) {
    set_hint("sudo modprobe tun && sudo chmod 0666 /dev/net/tun");
    die_errno("cannot publish UDP ports: /dev/net/tun");
  }
  if (ioctl(udp.device, TUNSETIFF, &request) < 0 || ioctl(udp.device, TUNSETOFFLOAD, TUN_F_CSUM) < 0)
    die_errno("cannot make the network device " DEVICE);
  netlink_size(&udp.netlink, DEVICE, MTU, QUEUE);
  try_network_sysctl("ipv6/conf/" DEVICE "/addr_gen_mode", "1"); /* none: it has no address of the link */
  try_network_sysctl("ipv4/conf/" DEVICE "/rp_filter", "2");     /* clients are behind other devices, too */
  netlink_raise(&udp.netlink, DEVICE);
  udp.index = if_nametoindex(DEVICE);
}

/* What the published ports send looks for the clients' addresses first: route(). */
static void find_answers(const struct forwarding *all) {
  for (size_t i = 0; i < all->count; i++) {
    const struct forward_port *port = &all->ports[i];
    if (!port->udp) continue;
    struct rule rule = {.priority = TABLE, .table = TABLE, .first_port = port->port, .last_port = port->port};
    for (; i + 1 < all->count && port[1].udp && port[1].port == rule.last_port + 1; i++, port++) rule.last_port++;
    for (int family = 0; family < 2; family++)
      if (all->targets[family].target.any.sa_family) netlink_add_rule(&udp.netlink, all->targets[family].target.any.sa_family, &rule);
  }
}

int udp_open(struct forwarding *forwarding) {
  udp.targets = forwarding->targets;
  udp.netlink = netlink_open();
  make_device();
  find_answers(forwarding);
  flows_open(route);
  return udp.device;
}

/* Flows to an address that the container has no more would find nobody. */
static void follow(void) {
  long long now = clock_ms();
  if (now - udp.followed < FOLLOW_MS) return;
  udp.followed = now;
  for (int i = 0; i < 2; i++) {
    struct forward_target *one = &udp.targets[i];
    if (!one->target.any.sa_family) continue;
    forward_follow(one);
    if (udp.known[i].any.sa_family && !same_host(&udp.known[i], &one->target)) flows_end();
    udp.known[i] = one->target;
  }
}

/* Whom the client has asked is who must answer: ip(7), ipv6(7). An address of many (a multicast's) can't. */
static union address asked_address(struct msghdr *message) {
  union address asked = {.any.sa_family = AF_UNSPEC};
  struct cmsghdr *about = CMSG_FIRSTHDR(message);
  if (about && about->cmsg_level == IPPROTO_IP) {
    struct in_pktinfo info;
    memcpy(&info, CMSG_DATA(about), sizeof info);
    asked.four = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = info.ipi_spec_dst};
  } else if (about) {
    struct in6_pktinfo info;
    memcpy(&info, CMSG_DATA(about), sizeof info);
    asked.six = (struct sockaddr_in6){.sin6_family = AF_INET6};
    if (!IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) asked.six.sin6_addr = info.ipi6_addr;
    if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) asked.six.sin6_scope_id = info.ipi6_ifindex;
  }
  return asked;
}

static void put_asked_address(struct msghdr *message, const union address *asked) {
  struct cmsghdr *about = message->msg_control;
  if (asked->any.sa_family == AF_INET) {
    const struct in_pktinfo info = {.ipi_spec_dst = asked->four.sin_addr};
    *about = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
    memcpy(CMSG_DATA(about), &info, sizeof info);
    message->msg_controllen = CMSG_SPACE(sizeof info);
  } else {
    const struct in6_pktinfo info = {asked->six.sin6_addr, asked->six.sin6_scope_id};
    *about = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
    memcpy(CMSG_DATA(about), &info, sizeof info);
    message->msg_controllen = CMSG_SPACE(sizeof info);
  }
}

static struct udp_flow *begin(const struct flow_key *key, unsigned short port) {
  const struct forward_target *chosen = forward_target_for(udp.targets, &key->client);
  if (!chosen || !address_port(&key->client)) return NULL;
  union address source = forward_source(chosen, &key->client), target = chosen->target;
  set_address_port(&target, port);
  return flow_begin(key, &source, &target);
}

static void carry_on(const struct udp_flow *flow, size_t length) {
  unsigned char headers[PACKET_HEADERS];
  size_t size = packet_write(headers, &flow->source, &flow->target, length);
  const struct iovec parts[] = {{headers, size}, {bytes, length}};
  while (size && writev(udp.device, parts, 2) < 0 && errno == EINTR) continue;
}

void udp_ask(const struct forward_port *port) {
  follow();
  for (int round = 0; round < ROUNDS; round++) {
    struct flow_key key = {.listener = port->listener};
    struct iovec part = {bytes, sizeof bytes};
    union about about = {0};
    struct msghdr message = {.msg_name = &key.client, .msg_namelen = sizeof key.client, .msg_iov = &part, .msg_iovlen = 1};
    message.msg_control = &about;
    message.msg_controllen = sizeof about;
    ssize_t got = recvmsg(port->listener, &message, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return;
    key.asked = asked_address(&message);
    struct udp_flow *flow = flow_asked(&key);
    if (flow) flow_use(flow, false);
    else flow = begin(&key, port->port);
    if (flow) carry_on(flow, (size_t)got);
  }
}

static void bring_back(const struct packet *packet) {
  struct udp_flow *flow = flow_sourced(&packet->to, address_port(&packet->from));
  if (!flow || !same_host(&flow->target, &packet->from)) return;
  union about about = {0};
  struct iovec part = {packet->data, packet->length};
  struct msghdr message = {.msg_name = &flow->key.client, .msg_namelen = address_size(&flow->key.client), .msg_iov = &part, .msg_iovlen = 1};
  message.msg_control = &about;
  put_asked_address(&message, &flow->key.asked);
  while (sendmsg(flow->key.listener, &message, MSG_NOSIGNAL) < 0 && errno == EINTR) continue;
  flow_use(flow, true);
}

bool udp_answer(void) {
  for (int round = 0; round < ROUNDS; round++) {
    struct packet packet;
    ssize_t got = read(udp.device, bytes, PACKET_MAX);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (packet_read(bytes, (size_t)got, &packet)) bring_back(&packet);
  }
  return true;
}
