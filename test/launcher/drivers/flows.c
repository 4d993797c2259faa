/*
 * flows: the table of forward-flows.c under floods, with a clock of its own. Prints what has survived; ends with 3 where
 * something doesn't hold.
 */
#define _GNU_SOURCE
#include "forward-flows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum { CONTAINER_PORT = 53, RANDOM_ROUNDS = 100000, HOSTS = 5000, PORTS = 40 };

static long long now = 1000;
static int routes;
static unsigned char routed[1 << 24];

long long clock_ms(void) { return now; }

static void must(bool good, const char *what) {
  if (good) return;
  printf("%s\n", what);
  exit(3);
}

static union address address_of(unsigned host, unsigned port) {
  return (union address){.four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000000 | host), .sin_port = htons((unsigned short)port)}};
}

static void route(const union address *source, const union address *target, bool begin) {
  unsigned host = ntohl(source->four.sin_addr.s_addr) & 0xffffff;
  must(address_port(target) == CONTAINER_PORT, "a route without a target");
  must(routed[host] == !begin, begin ? "routed twice" : "not routed");
  routed[host] = begin;
  routes += begin ? 1 : -1;
}

static struct flow_key key_of(unsigned host, unsigned port) { return (struct flow_key){7, address_of(host, port), address_of(1, 0)}; }

static struct udp_flow *find(unsigned host, unsigned port) {
  const struct flow_key key = key_of(host, port);
  return flow_asked(&key);
}

/* As forward-udp.c has it; hosts below 100 have a stand-in. */
static struct udp_flow *ask(unsigned host, unsigned port) {
  const struct flow_key key = key_of(host, port);
  struct udp_flow *flow = flow_asked(&key);
  if (flow) flow_use(flow, false);
  if (flow) return flow;
  union address source = host < 100 ? address_of(2, 0) : key.client, target = address_of(3, CONTAINER_PORT);
  flow = flow_begin(&key, &source, &target);
  must(flow && flow_sourced(&flow->source, CONTAINER_PORT) == flow, "an answer wouldn't find it");
  must(host < 100 || address_port(&flow->source) == port, "another port than the client's");
  return flow;
}

static int count(unsigned hosts_from, unsigned hosts, unsigned ports_from, unsigned ports) {
  int found = 0;
  for (unsigned host = hosts_from; host < hosts_from + hosts; host++)
    for (unsigned port = ports_from; port < ports_from + ports; port++) found += find(host, port) != NULL;
  return found;
}

static void answered_clients(unsigned from, unsigned clients) {
  for (unsigned i = 0; i < clients; i++) flow_use(ask(from + i, 1000), true);
}

int main(void) {
  flows_open(route);
  answered_clients(200, 100);
  for (unsigned port = 1; port < 65536; port++) flow_use(ask(100, port), port % 2);
  printf("one address floods: %d of its flows, %d of 100 clients\n", count(100, 1, 1, 65535), count(200, 100, 1000, 1));
  for (unsigned host = 10000; host < 50000; host++) ask(host, 9);
  printf("many addresses flood: %d of their flows, %d of 100 clients\n", count(10000, 40000, 9, 1), count(200, 100, 1000, 1));
  printf("one that asks then: %d\n", ask(300, 5) && (ask(9999, 9), find(300, 5)) ? 1 : 0);
  for (unsigned host = 10000; host < 20000; host++) flow_use(ask(host, 9), true);
  printf("all are answered: %d flows, %d routes\n", count(10000, 40000, 9, 1), routes);
  now += FLOW_IDLE_MS - 1;
  flow_use(ask(19999, 9), false);
  now += 1;
  int next = flows_expire();
  printf("idle: %d routes, the next in %d ms\n", routes, next);
  for (unsigned port = 1; port <= 3; port++) ask(50, port), ask(51, port);
  printf("stand-ins: %d routes\n", routes);
  for (int round = 0; round < RANDOM_ROUNDS; round++) {
    unsigned host = (unsigned)(random() % HOSTS), port = 1 + (unsigned)(random() % PORTS);
    if (random() % 3) flow_use(ask(host, port), random() % 2);
    else if (random() % 100 == 0) now += random() % (FLOW_IDLE_MS / 8);
    else flows_expire();
  }
  flows_end();
  printf("at the end: %d routes, %d\n", routes, flows_expire());
  return 0;
}
