/* A container's side of the hub (hub.h): `hub DIR PLAN [COMMAND...]` and `hub-attach NETWORK PLAN` of its plan. */
#ifndef HUB_CLIENT_H
#define HUB_CLIENT_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/* Connects to the hub, and starts it where there is none. Nothing, where the plan has none. */
void hub_open(const struct plan *plan);
/* For the first stage: a user namespace of its own in the hub's, with the plan's maps. Lets go of all that is the hub's. */
void hub_make_user_namespace(const struct plan *plan);
/* Asks for the devices of the network namespace of the process `holder`; hub_finish() waits for them. */
void hub_attach(const struct plan *plan, pid_t holder);
void hub_finish(void);
/* The container leaves its networks. */
void hub_close(void);

/* For hub-return.c: the connection, -1: none. */
int hub_connection(void);
void hub_connected(int socket);
/* The container is in networks, or was. */
bool hub_is_used(void);
/* Connects and attaches anew, by RUNTIME/networks where that is newer than the plan; gives the connection. */
int hub_come_back(void);

#endif
