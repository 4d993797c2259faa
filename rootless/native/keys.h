#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"

/* The detach keys: a sequence of bytes. What was typed of it is held back until it can't be it any more. */
struct keys {
  const char *sequence;
  size_t length, matched;
};

struct keys keys_of(const struct plan *plan); /* detach-keys BYTES; none: nothing detaches */

/*
 * Copies what was typed to `out` without the detach keys, and gives its length; `out` has room for as many bytes as
 * were typed and the sequence. *detached is set when the keys are complete.
 */
size_t keys_pass(struct keys *keys, const char *typed, size_t length, char *out, bool *detached);

#endif
