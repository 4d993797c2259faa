#define _GNU_SOURCE
#include "forward-flows.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "clock.h"

enum { BUCKETS = 4096 /* a power of two */, PORT_TRIES = 64, UNPRIVILEGED = 1024 };

/* A client's address, whatever its ports. */
struct flow_peer {
  struct flow_peer *next;
  union address client, source, target;
  bool stand_in;
  int flows;
};

struct queue {
  struct udp_flow *oldest, *newest;
  int count;
};

/* By themselves: what begins as zeros takes no room in the program. */
static struct udp_flow *asked_table[BUCKETS], *sourced_table[BUCKETS];
static struct flow_peer *peer_table[BUCKETS];

static struct {
  struct queue queues[2]; /* unanswered, answered */
  unsigned stand_ins[2];  /* peers that have one, a family */
  flow_route *route;
  uint32_t seed;
} flows;

/* FNV-1a, with a beginning that nobody outside knows. */
static uint32_t hash_more(uint32_t hash, const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) hash = (hash ^ ((const unsigned char *)bytes)[i]) * 16777619u;
  return hash;
}

static unsigned bucket(const union address *address, uint32_t more) {
  uint32_t hash = hash_more(flows.seed, &more, sizeof more);
  if (address->any.sa_family == AF_INET) hash = hash_more(hash, &address->four.sin_addr, sizeof address->four.sin_addr);
  else hash = hash_more(hash, &address->six.sin6_addr, sizeof address->six.sin6_addr);
  return (hash ^ hash >> 15) % BUCKETS;
}

static struct udp_flow **asked_bucket(const struct flow_key *key) { return &asked_table[bucket(&key->client, address_port(&key->client))]; }

static struct udp_flow **sourced_bucket(const union address *source, unsigned short container_port) {
  return &sourced_table[bucket(source, (uint32_t)address_port(source) << 16 | container_port)];
}

void flows_open(flow_route *route) {
  flows.route = route;
  if (getrandom(&flows.seed, sizeof flows.seed, 0) != sizeof flows.seed) abort();
}

struct udp_flow *flow_asked(const struct flow_key *key) {
  for (struct udp_flow *one = *asked_bucket(key); one; one = one->next_asked)
    if (one->key.listener == key->listener && address_port(&one->key.client) == address_port(&key->client) &&
        same_host(&one->key.client, &key->client) && same_host(&one->key.asked, &key->asked))
      return one;
  return NULL;
}

struct udp_flow *flow_sourced(const union address *source, unsigned short container_port) {
  for (struct udp_flow *one = *sourced_bucket(source, container_port); one; one = one->next_sourced)
    if (address_port(&one->target) == container_port && address_port(&one->source) == address_port(source) && same_host(&one->source, source))
      return one;
  return NULL;
}

static void leave_queue(struct udp_flow *flow) {
  struct queue *queue = &flows.queues[flow->answered];
  *(flow->older ? &flow->older->newer : &queue->oldest) = flow->newer;
  *(flow->newer ? &flow->newer->older : &queue->newest) = flow->older;
  queue->count--;
}

static void join_queue(struct udp_flow *flow) {
  struct queue *queue = &flows.queues[flow->answered];
  flow->used = clock_ms();
  flow->newer = NULL;
  flow->older = queue->newest;
  *(queue->newest ? &queue->newest->newer : &queue->oldest) = flow;
  queue->newest = flow;
  queue->count++;
}

void flow_use(struct udp_flow *flow, bool answered) {
  leave_queue(flow);
  flow->answered |= answered;
  join_queue(flow);
}

/* All stand-ins of a family have one address: it is routed as long as there is any. */
static void route_peer(const struct flow_peer *peer, bool begin) {
  unsigned *stand_ins = &flows.stand_ins[peer->source.any.sa_family == AF_INET6];
  if (peer->stand_in && begin && (*stand_ins)++) return;
  if (peer->stand_in && !begin && --*stand_ins) return;
  flows.route(&peer->source, &peer->target, begin);
}

static void leave_peer(struct flow_peer *peer) {
  if (--peer->flows) return;
  struct flow_peer **at = &peer_table[bucket(&peer->client, 0)];
  while (*at != peer) at = &(*at)->next;
  *at = peer->next;
  route_peer(peer, false);
  free(peer);
}

static struct flow_peer *find_peer(const union address *client) {
  struct flow_peer *one = peer_table[bucket(client, 0)];
  while (one && !same_host(&one->client, client)) one = one->next;
  return one;
}

static void flow_end(struct udp_flow *flow) {
  struct udp_flow **at = asked_bucket(&flow->key);
  while (*at != flow) at = &(*at)->next_asked;
  *at = flow->next_asked;
  at = sourced_bucket(&flow->source, address_port(&flow->target));
  while (*at != flow) at = &(*at)->next_sourced;
  *at = flow->next_sourced;
  leave_queue(flow);
  leave_peer(flow->peer);
  free(flow);
}

static void make_room(const struct flow_peer *peer) {
  struct queue *unanswered = &flows.queues[0], *answered = &flows.queues[1];
  if (peer && peer->flows >= FLOWS_EACH) {
    for (int i = 0; i < 2; i++)
      for (struct udp_flow *one = flows.queues[i].oldest; one; one = one->newer)
        if (one->peer == peer) return flow_end(one);
  }
  if (unanswered->count + answered->count < FLOWS) return;
  flow_end(answered->count && unanswered->count < FLOWS / 4 ? answered->oldest : unanswered->oldest); /* time for an answer */
}

/* What the client has, where nobody else has it there. */
static bool choose_port(struct udp_flow *flow) {
  unsigned short port = address_port(&flow->key.client), random;
  for (int tries = 0; tries < PORT_TRIES; tries++) {
    set_address_port(&flow->source, port);
    if (!flow_sourced(&flow->source, address_port(&flow->target))) return true;
    if (getrandom(&random, sizeof random, 0) != sizeof random) return false;
    port = (unsigned short)(UNPRIVILEGED + random % (65536 - UNPRIVILEGED));
  }
  return false;
}

static struct flow_peer *join_peer(const struct udp_flow *flow, bool stand_in) {
  struct flow_peer *peer = find_peer(&flow->key.client);
  if (!peer) {
    struct flow_peer **at = &peer_table[bucket(&flow->key.client, 0)];
    if (!(peer = calloc(1, sizeof *peer))) return NULL;
    *peer = (struct flow_peer){*at, flow->key.client, flow->source, flow->target, stand_in, 0};
    *at = peer;
    route_peer(peer, true);
  }
  peer->flows++;
  return peer;
}

struct udp_flow *flow_begin(const struct flow_key *key, const union address *source, const union address *target) {
  make_room(find_peer(&key->client));
  struct udp_flow *flow = calloc(1, sizeof *flow);
  if (!flow) return NULL;
  flow->key = *key;
  flow->source = *source;
  flow->target = *target;
  bool stand_in = !address_port(source);
  if (!choose_port(flow) || !(flow->peer = join_peer(flow, stand_in))) {
    free(flow);
    return NULL;
  }
  struct udp_flow **at = asked_bucket(key);
  flow->next_asked = *at;
  *at = flow;
  at = sourced_bucket(&flow->source, address_port(target));
  flow->next_sourced = *at;
  *at = flow;
  join_queue(flow);
  return flow;
}

int flows_expire(void) {
  long long next = -1, now = clock_ms();
  for (int i = 0; i < 2; i++) {
    struct udp_flow *one;
    while ((one = flows.queues[i].oldest) && now - one->used >= FLOW_IDLE_MS) flow_end(one);
    if (one && (next < 0 || one->used + FLOW_IDLE_MS - now < next)) next = one->used + FLOW_IDLE_MS - now;
  }
  return (int)next;
}

void flows_end(void) {
  for (int i = 0; i < 2; i++)
    while (flows.queues[i].oldest) flow_end(flows.queues[i].oldest);
}
