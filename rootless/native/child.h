#ifndef CHILD_H
#define CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The command in a container's pid namespace, whose parent is out here: process 1 of that namespace can't end before it is
 * reaped, pid_namespaces(7). So nobody waits for a reader without reaping. SIGCHLD is blocked but while it waits.
 */
void child_is(pid_t pid);
/* After SIGCHLD: takes its status if it has ended. */
void child_reap(void);
/* Its exit code, 128 and the signal's number; -1 while it runs. */
int child_code(void);
/* Writes all of it, however long a reader lets it wait. false: nobody takes it any more. */
bool child_write(int fd, const char *data, size_t length);

#endif
