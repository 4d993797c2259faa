/*
 * A monitor whose hub has ended brings its container back into its networks: by another hub, which takes over the user
 * namespace of the one that was killed, and so has the same rights. A process of its own does that, while the monitor goes on.
 */
#ifndef HUB_RETURN_H
#define HUB_RETURN_H

#include <stdbool.h>

/* What to wait for: a descriptor that becomes readable (-1: none), and milliseconds (-1: for ever). */
int hub_watched(void);
int hub_timeout_ms(void);
void hub_tick(bool readable);
/* Begins anew, also where it was given up. */
void hub_return_now(void);
/* The container has ended. */
void hub_stay_away(void);

#endif
