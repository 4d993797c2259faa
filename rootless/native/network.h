#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"
#include "publish.h"

/*
 * A program that gives the network namespace of the process `holder` its network (network-helper ARGV...).
 * It writes to descriptor 3 when it is ready and ends when descriptor 4 does. Or (network-helper-inside ARGV...) it is
 * root of the holder's user namespace, has the network namespace at descriptor 0, writes to descriptor 1, and is killed.
 */
struct network {
  pid_t pid;  /* 0: the plan has none */
  int ready, alive, said;
  struct publisher publisher;
};

/* The operation that names the program which makes the network, or NULL. */
const struct operation *network_helper(const struct plan *plan);

struct network network_start(const struct plan *plan, pid_t holder);
/* Waits until it is ready, then makes the plan's requests to its socket (network-api SOCKET JSON). Dies when one fails. */
void network_finish(const struct plan *plan, struct network *network);
void network_end(struct network *network);
/* Until a program that makes a network writes to `ready`; else dies with what it has said, a catcher() of spawn.h. */
void network_await(const char *program, int ready, int said, const char *hint);

#endif
