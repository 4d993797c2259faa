#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>

#include "plan.h"

/*
 * events LOG MAX-SIZE MAX-FILES SUBJECT: one line of JSON an event at the end of LOG, written in one piece, so that any
 * number of processes may write at once. Nothing fails for it: on a full disk the event is lost.
 *
 * SUBJECT is a file that says whom the events are of (core/events/subject.ts): the members of the line's object from
 * "id" to Actor's attributes, which it leaves open. It is read for each event, since `rename` changes it.
 *
 * SUBJECT-others, which need not be there, has lines `start ACTION SUBJECT` and `end ACTION SUBJECT`: what happens to the
 * container's networks and volumes when it starts and when it ends.
 */

/* `action`: `die`. `extra`: further attributes, `,"exitCode":"0"`, or "". Both are valid inside JSON as they are. */
void event_write(const struct plan *plan, const char *action, const char *extra);
/* The events of SUBJECT-others; `when`: start, end. */
void event_write_others(const struct plan *plan, const char *when);
/* `name` is valid inside JSON as it is. */
void event_volume_destroyed(const struct plan *plan, const char *name);
/* Reads SUBJECT now, for events after it is gone. */
void event_prepare(const struct plan *plan);

/*
 * For a process that is about to leave the host's namespaces: its end is told by a process that stays.
 * Returns a descriptor for event_reported(), or -1.
 */
int event_reporter(const struct plan *plan, const char *action, const char *extra);
/* Tells the exit code and waits until it is written. A reporter that is told nothing says 137. */
void event_reported(int reporter, int code);

/* True for a file that has grown to `max` bytes and was moved aside: to LOG.1, the older ones up to LOG.(FILES - 1). */
bool event_rotate(const char *log, long long max, int files);

#endif
