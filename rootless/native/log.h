#ifndef LOG_H
#define LOG_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"

/* The container's log, in the k8s-file format (`TIME stdout|stderr F|P TEXT`) or Docker's json-file; rotates by size. */
void log_open(const struct operation *operation); /* log PATH FORMAT MAX-SIZE MAX-FILES; NULL: no log */
void log_write(int stream, const char *data, size_t length); /* stream 1 or 2 */
void log_close(void);

#endif
