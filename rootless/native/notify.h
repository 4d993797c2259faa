#ifndef NOTIFY_H
#define NOTIFY_H

#include "plan.h"

/*
 * notify SOCKET conmon|container: tells systemd, sd_notify(3), that this process is the unit's main one, and with
 * `conmon` that it is ready; with `container` the container tells that by itself.
 */
void notify_started(const struct plan *plan);

#endif
