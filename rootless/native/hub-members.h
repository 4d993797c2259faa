/* The hub's table: which networks run, who is in them, and the processes that are at work on requests. */
#ifndef HUB_MEMBERS_H
#define HUB_MEMBERS_H

#include <stdbool.h>
#include <sys/types.h>

#include "hub.h"

/*
 * A descriptor that polls as readable when members_hear() has something to do. `lost` is called for each container whose
 * network has ended.
 */
int members_open(void (*lost)(const char *container));
void members_hear(void);
bool members_none(void);

/* Begins a request; `client` is answered then, or when it is done. */
void members_ask(const struct hub_request *request, int client);
/* A container leaves all its networks. */
void members_leave(const char *container);
/* A child has ended. */
void members_reaped(pid_t pid, int status);
void members_refuse(int client, const char *why);

#endif
