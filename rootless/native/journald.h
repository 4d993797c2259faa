#ifndef JOURNALD_H
#define JOURNALD_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"

/*
 * A log in the journal, by systemd's native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL).
 * journal SOCKET FIELD=VALUE...: where journald listens, and what each message has beside the output.
 */
void journald_open(const struct operation *operation);
/* One line, or a part of one. What journald doesn't take within a second is lost. */
void journald_write(int stream, const char *data, size_t length, bool ended);
void journald_close(void);

#endif
