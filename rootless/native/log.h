#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"

/*
 * The container's log: in a file, as k8s-file (`TIME stdout|stderr F|P TEXT`) or Docker's json-file, which rotates by
 * size (log PATH FORMAT MAX-SIZE MAX-FILES [ATTRIBUTES]); or in journald (journal). Neither operation: no log.
 */
void log_open(const struct plan *plan);
void log_write(int stream, const char *data, size_t length); /* stream 1 or 2 */
void log_close(void);

enum { LOG_PIECE_MAX = 32768 }; /* bytes of a line in one record */

#endif
