#ifndef NETWORK_H
#define NETWORK_H

#include <sys/types.h>

#include "plan.h"

/*
 * A program that gives the network namespace of the process `holder` its network (network-helper ARGV...).
 * It writes to descriptor 3 when it is ready and ends when descriptor 4 does.
 */
struct network {
  pid_t pid;  /* 0: the plan has none */
  int ready, alive, said;
};

struct network network_start(const struct plan *plan, pid_t holder);
/* Waits until it is ready, then makes the plan's requests to its socket (network-api SOCKET JSON). Dies when one fails. */
void network_finish(const struct plan *plan, struct network *network);
void network_end(struct network *network);

#endif
