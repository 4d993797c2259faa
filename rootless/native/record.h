#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <sys/types.h>

#include "plan.h"

/* Writes DIRECTORY/.NAME.PID and renames it. false, with errno: it could not; nothing of it is left. */
bool write_aside(const char *directory, const char *name, const char *text, bool durable);

/*
 * What the monitor leaves on disk, each written aside and renamed:
 *   RUNTIME/state    "PID START MONITOR MONITOR-START STARTED-AT BOOT-ID RESTARTS", while the container runs; PID and
 *                    START are 0 while it waits to be started anew
 *   DIR/started      STARTED-AT, seconds since the epoch with nanoseconds
 *   DIR/exit         one line of JSON: exitCode, signal, oomKilled, startedAt, finishedAt, error,
 *                    restarts, stopped (by `stop` or `kill`)
 * START is proc_pid_stat(5) field 22.
 */
void record_start(const struct plan *plan, pid_t pid);
/* It has ended, and this monitor will start it anew. */
void record_waiting(const struct plan *plan);
/* Seconds since record_start(); 0 before. */
double record_ran(void);

struct ending {
  int code, signal;
  bool oom_killed;
  const char *error; /* NULL: none */
  bool stopped;
};
/* `last`: it is not started anew, and how it ended must survive a power cut. */
void record_end(const struct plan *plan, const struct ending *ending, bool last);

/* Removes the runtime directory, and the container where the plan has remove-at-exit. `userns`: its user namespace or -1. */
void remove_traces(const struct plan *plan, int userns);

#endif
