/* The way out by IPv6 of a network's process: plan operation `uplink6 GATEWAY SUBNET`, one for each subnet of IPv6. */
#ifndef HUB_UPLINK6_H
#define HUB_UPLINK6_H

#include <stdbool.h>

#include "plan.h"

/* In the network's namespace, with the uplink's device raised. */
void uplink6_open(const struct plan *plan);
/* That what is for this member (an IPv6 address, with or without prefix; others are passed over) goes to it, or no more. */
void uplink6_answer(const char *address, bool answers);

#endif
