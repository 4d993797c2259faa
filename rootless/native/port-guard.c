#define _GNU_SOURCE
#include "port-guard.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

/* Where what is looked at stands in the frame: RFC 826, RFC 791, RFC 8200, RFC 4861 section 4.4. */
enum {
  AT_TYPE = 12,
  AT_ARP_SENDER = ETH_HLEN + 14,
  AT_SOURCE = ETH_HLEN + 12,
  AT_NEXT_HEADER = ETH_HLEN + 6,
  AT_SOURCE6 = ETH_HLEN + 8,
  AT_ICMP_TYPE = ETH_HLEN + 40,
  AT_TARGET6 = AT_ICMP_TYPE + 8,
};

struct member {
  const struct member_address *addresses;
  int count;
};

struct program {
  struct sock_filter *code;
  size_t count;
};

static void put(struct program *program, int code, unsigned value) {
  program->code[program->count++] = (struct sock_filter){(unsigned short)code, 0, 0, value};
}

/* The next instruction is for this value alone. */
static void on(struct program *program, unsigned value) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, value);
  program->code[program->count - 1].jf = 1;
}

/* The next instruction is for all other values. */
static void unless(struct program *program, unsigned value) {
  put(program, BPF_JMP | BPF_JEQ | BPF_K, value);
  program->code[program->count - 1].jt = 1;
}

static void load(struct program *program, int size, unsigned at) { put(program, BPF_LD | size | BPF_ABS, at); }
static void end(struct program *program, unsigned verdict) { put(program, BPF_RET | BPF_K, verdict); }

/* To where land() is called with what this gives. */
static size_t jump(struct program *program) {
  put(program, BPF_JMP | BPF_JA, 0);
  return program->count - 1;
}

static void land(struct program *program, size_t from) { program->code[from].k = (unsigned)(program->count - from - 1); }

static size_t compare(struct program *program, unsigned at, const struct member_address *address) {
  unsigned words = address->family == AF_INET6 ? 4 : 1, value;
  for (unsigned i = 0; i < words; i++) {
    memcpy(&value, address->bytes + 4 * i, 4);
    load(program, BPF_W, at + 4 * i);
    on(program, ntohl(value));
    program->code[program->count - 1].jf = (unsigned char)(2 * (words - i) - 1); /* behind it all */
  }
  return jump(program);
}

static size_t compare_link_local(struct program *program, unsigned at) {
  load(program, BPF_W, at);
  put(program, BPF_ALU | BPF_AND | BPF_K, 0xffc00000);
  on(program, 0xfe800000);
  return jump(program);
}

/* One of the addresses stands there, or, with `none`, that of who has none yet; else the frame is dropped. */
static void require(struct program *program, unsigned at, const struct member *member, int family, bool none) {
  const struct member_address unspecified = {.family = family};
  size_t hits[GUARD_ADDRESSES + 2], hit = 0;
  for (int i = 0; i < member->count; i++)
    if (member->addresses[i].family == family) hits[hit++] = compare(program, at, &member->addresses[i]);
  if (none) hits[hit++] = compare(program, at, &unspecified);
  if (family == AF_INET6) hits[hit++] = compare_link_local(program, at);
  end(program, TC_ACT_SHOT);
  while (hit-- > 0) land(program, hits[hit]);
}

/* What may stand before a message of neighbour discovery would hide it; and no member is a router. */
static void guard_neighbours(struct program *program, const struct member *member) {
  static const unsigned hiding[] = {IPPROTO_HOPOPTS, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_MH, 139, 140};
  load(program, BPF_B, AT_NEXT_HEADER);
  for (size_t i = 0; i < sizeof hiding / sizeof *hiding; i++) {
    on(program, hiding[i]);
    end(program, TC_ACT_SHOT);
  }
  unless(program, IPPROTO_ICMPV6);
  size_t other = jump(program);
  load(program, BPF_B, AT_ICMP_TYPE);
  on(program, ND_ROUTER_ADVERT);
  end(program, TC_ACT_SHOT);
  on(program, ND_REDIRECT);
  end(program, TC_ACT_SHOT);
  unless(program, ND_NEIGHBOR_ADVERT);
  size_t question = jump(program);
  require(program, AT_TARGET6, member, AF_INET6, false);
  land(program, other);
  land(program, question);
}

size_t guard_program(struct sock_filter code[GUARD_MAX], const struct member_address *addresses, int count) {
  struct program program = {code, 0};
  const struct member member = {addresses, count < GUARD_ADDRESSES ? count : GUARD_ADDRESSES};
  load(&program, BPF_H, AT_TYPE);
  unless(&program, ETH_P_ARP);
  size_t other = jump(&program);
  require(&program, AT_ARP_SENDER, &member, AF_INET, true);
  end(&program, TC_ACT_OK);
  land(&program, other);
  unless(&program, ETH_P_IP);
  other = jump(&program);
  require(&program, AT_SOURCE, &member, AF_INET, false);
  end(&program, TC_ACT_OK);
  land(&program, other);
  unless(&program, ETH_P_IPV6);
  end(&program, TC_ACT_SHOT);
  guard_neighbours(&program, &member);
  require(&program, AT_SOURCE6, &member, AF_INET6, true);
  end(&program, TC_ACT_OK);
  return program.count;
}
