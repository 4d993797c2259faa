#include "keys.h"

#include <string.h>

struct keys keys_of(const struct plan *plan) {
  const char *sequence = plan_word(plan, "detach-keys", 1);
  return (struct keys){sequence, sequence ? strlen(sequence) : 0, 0};
}

/* How much of what is held back may still begin the sequence when its first byte doesn't. */
static size_t still_matched(const struct keys *keys) {
  size_t length = keys->matched - 1;
  while (length && memcmp(keys->sequence, keys->sequence + keys->matched - length, length) != 0) length--;
  return length;
}

size_t keys_pass(struct keys *keys, const char *typed, size_t length, char *out, bool *detached) {
  size_t used = 0;
  *detached = false;
  for (size_t i = 0; i < length; i++) {
    while (keys->matched && typed[i] != keys->sequence[keys->matched]) {
      size_t still = still_matched(keys);
      memcpy(out + used, keys->sequence, keys->matched - still);
      used += keys->matched - still;
      keys->matched = still;
    }
    if (!keys->length || typed[i] != keys->sequence[keys->matched]) out[used++] = typed[i];
    else if (++keys->matched == keys->length) {
      *detached = true;
      break;
    }
  }
  return used;
}
