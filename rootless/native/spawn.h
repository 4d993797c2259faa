#ifndef SPAWN_H
#define SPAWN_H

#include <stddef.h>
#include <sys/types.h>

/* What a program that the launcher starts finds at its descriptors; -1 stands for /dev/null at 0 to 2 and for none above. */
struct spawn {
  char *const *argv;
  int fds[5];
};

/* Starts a program found on PATH. All other descriptors are closed in it. The signal mask is emptied. -1 with errno: no process. */
pid_t spawn(const struct spawn *what);
/* As root of a user namespace; it is killed when this process ends. */
pid_t spawn_within(const struct spawn *what, int user_namespace);
/* Waits for its end; returns its exit status, 128 + n after signal n. */
int wait_for(pid_t pid);
/* A file in memory that catches what a program says, and its last lines as text. */
int catcher(void);
void caught(int catcher, char *text, size_t size);

#endif
