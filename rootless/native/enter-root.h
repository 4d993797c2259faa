#ifndef ENTER_ROOT_H
#define ENTER_ROOT_H

#include "plan.h"

/*
 * Mounts the plan's root with its binds in this process's new mount namespace, and makes it the root directory of the
 * one process that returns from here; it has nothing of the host's files but what is open. The mounts go with it.
 */
void enter_mounted_root(const struct plan *plan);

#endif
