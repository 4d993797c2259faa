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

enum { NETWORK_ANSWER = 65536 };
/* One request to slirp4netns' API socket; `answer` has NETWORK_ANSWER bytes. False: it can't be reached (errno). */
bool network_ask(const char *path, const char *json, char *answer);
/* network-api of a plan, one after the other. Dies when one fails. */
void network_publish(const struct plan *plan);

#endif
