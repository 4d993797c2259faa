#ifndef EXEC_STREAMS_H
#define EXEC_STREAMS_H

#include <stdbool.h>
#include <sys/types.h>

#include "backlog.h"

/* The streams of a command without a terminal: the caller's own, or pipes to them. -1: there is none. */
struct exec_streams {
  int fds[3];                         /* what the command gets */
  int source, input, output, errors;  /* the caller's input and, of the pipes, the ends that stay here */
  struct backlog backlog;             /* of the input */
};

/* `null`: a descriptor of the null device, for the input that isn't wanted. */
void exec_streams_prepare(struct exec_streams *streams, bool wanted, int null);
/* Once the command has them: lets go of everything that isn't needed to carry on. */
void exec_streams_keep(struct exec_streams *streams, int null);
/* Carries data and signals until the process ends; its exit code. */
int exec_streams_carry(struct exec_streams *streams, pid_t pid, int signals);

#endif
