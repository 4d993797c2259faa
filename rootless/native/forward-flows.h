/*
 * Who has sent datagrams to a published port lately, so that answers find them. As many as fit: then the oldest goes,
 * first of those that nobody has answered, and of whoever has many.
 */
#ifndef FORWARD_FLOWS_H
#define FORWARD_FLOWS_H

#include <stdbool.h>

#include "forward-ends.h"

enum { FLOWS = 4096, FLOWS_EACH = 1024 /* of one address */, FLOW_IDLE_MS = 120000 /* nf_conntrack_udp_timeout_stream */ };

struct flow_key {
  int listener;
  union address client, asked; /* the host's, by the client; a port of 0 */
};

struct udp_flow {
  struct flow_key key;
  union address source, target; /* in the container */
  struct flow_peer *peer;
  long long used;
  bool answered;
  struct udp_flow *newer, *older;             /* of those that are answered, or of the others */
  struct udp_flow *next_asked, *next_sourced; /* in the tables */
};

/* Told when packets to `source` begin (else: cease) to be for a flow; `target`: whom they are from. */
typedef void flow_route(const union address *source, const union address *target, bool begin);

void flows_open(flow_route *route);
struct udp_flow *flow_asked(const struct flow_key *key);
/* By whom the container answers. */
struct udp_flow *flow_sourced(const union address *source, unsigned short container_port);
/* `source`: with a port of 0 it is a stand-in, and the flow's is chosen. NULL: it can't be had. */
struct udp_flow *flow_begin(const struct flow_key *key, const union address *source, const union address *target);
void flow_use(struct udp_flow *flow, bool answered);
/* Gives when to call it again, in ms; -1: never. */
int flows_expire(void);
void flows_end(void);

#endif
