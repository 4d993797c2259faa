#ifndef PUBLISH_H
#define PUBLISH_H

#include <sys/types.h>

#include "plan.h"

/*
 * Publishes TCP ports (publish, publish-to of a plan): a process listens at the host's, and carries connections on into
 * the network namespace of the process `holder` (forward.h). It is killed with this process.
 */
struct publisher {
  pid_t pid; /* 0: the plan has no port */
  int socket;
};

/* The ports are taken when it returns. Dies when one can't be had. */
struct publisher publish_start(const struct plan *plan, pid_t holder);
/* Waits until it carries connections on. Dies when it can't. */
void publish_finish(struct publisher *publisher);
void publish_end(struct publisher *publisher);

#endif
