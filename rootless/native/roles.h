/* What the launcher can be. Each returns the exit status of the process. */
#ifndef ROLES_H
#define ROLES_H

#include "plan.h"

int role_run(const struct plan *plan);    /* a container: makes it and stays as its monitor */
int role_attach(const struct plan *plan); /* joins the caller's streams to a container */
int role_wait(const struct plan *plan);   /* prints a container's exit code when it has ended */
int role_exec(const struct plan *plan);   /* a further process in a running container */
int role_enter(const struct plan *plan);  /* a user namespace for file work: apply, remove, copy-tree, exec */
int role_check(const struct plan *plan);   /* one health check: check.h */
int role_check_now(const struct plan *plan); /* asks a container's monitor for a health check: 0 healthy, 1 not */
int role_hub(const struct plan *plan);    /* holds the bridge networks of one user: hub.h */
int role_hub_ask(const struct plan *plan); /* asks the hub that runs to attach or detach a container */
int role_hub_return(const struct plan *plan); /* asks a container's monitor to bring it back into networks that it has lost */
int role_lock(const struct plan *plan);   /* holds a lock until standard input ends */
int role_rotate(const struct plan *plan); /* moves a full log of events aside */
int role_signal(const struct plan *plan); /* signals all processes of a pid namespace */

#endif
