#ifndef INIT_H
#define INIT_H

/*
 * Process 1 of a container that is not its command: it executes this program anew, as `tsc-pod-init CHILD`, so that
 * nothing of the monitor's memory and of the caller's environment is in it, and it belongs to the container's user
 * namespace: whoever may join the container may join it by this process, ptrace(2), "Ptrace access mode checking".
 */

/* Keeps this program at hand: to be called while /proc is the host's. */
void keep_init_program(void);

/*
 * Process 1 of a container with --init: forks; the child returns, to execute the command, while the parent
 * stays, reaps what is left to it, hands signals on, and ends as the child ended.
 */
void become_init(void);

/* Process 1 of a pod: reaps, and ends at SIGTERM, SIGINT, SIGQUIT or SIGHUP. */
__attribute__((noreturn)) void become_idle(void);

/* What `tsc-pod-init CHILD` does; CHILD is 0 for a pod's. */
__attribute__((noreturn)) void init_main(const char *child);

#endif
