#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A process that can't be mistaken for another with a reused number: its start time in clock ticks since boot,
 * proc_pid_stat(5) field 22. 0 when there is no such process.
 */
unsigned long long start_time(pid_t pid);

/* Whether that very process is still there, and not only as a zombie that nobody has waited for. */
bool is_alive(pid_t pid, unsigned long long start);

/* A descriptor of the process `pid` that started at `start`; -1 with errno ESRCH when it is gone. */
int open_process(pid_t pid, unsigned long long start);

/* The first process of the container whose monitor has written `state` (RUNTIME/state, record.h); -1 when it doesn't run. */
int open_running(const char *state, pid_t *pid);

#endif
