#include "keys.h"

#include <string.h>

struct keys keys_of(const struct plan *plan) {
  const char *sequence = plan_word(plan, "detach-keys", 1);
  return (struct keys){sequence, sequence ? strlen(sequence) : 0, 0};
}

size_t keys_pass(struct keys *keys, const char *typed, size_t length, char *out, bool *detached) {
  size_t used = 0;
  *detached = false;
  for (size_t i = 0; i < length; i++) {
    if (keys->length && typed[i] != keys->sequence[keys->matched]) {
      memcpy(out + used, keys->sequence, keys->matched);
      used += keys->matched;
      keys->matched = 0;
    }
    if (!keys->length || typed[i] != keys->sequence[keys->matched]) out[used++] = typed[i];
    else if (++keys->matched == keys->length) {
      *detached = true;
      break;
    }
  }
  return used;
}
