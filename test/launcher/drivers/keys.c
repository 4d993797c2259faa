/*
 * keys SEQUENCE-IN-HEX [INPUT-IN-HEX]...: what is passed on of each piece of input, a line a piece, in hexadecimal;
 * `detached` behind the one that completes the keys, which ends it.
 */
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t bytes_of(const char *hex, char *to) {
  size_t count = 0;
  unsigned byte;
  for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) to[count++] = (char)byte;
  return count;
}

/* plan.c, which isn't needed for more. */
static char sequence[4096];
const char *plan_word(const struct plan *plan, const char *name, size_t index) {
  return !plan && strcmp(name, "detach-keys") == 0 && index == 1 && *sequence ? sequence : NULL;
}

int main(int argc, char **argv) {
  bytes_of(argv[1], sequence);
  struct keys keys = keys_of(NULL);
  for (int i = 2; i < argc; i++) {
    char input[4096];
    size_t length = bytes_of(argv[i], input);
    char *out = malloc(length + keys.length); /* as much as keys.h asks for: the sanitizer sees a byte more */
    bool detached;
    size_t used = keys_pass(&keys, input, length, out, &detached);
    for (size_t at = 0; at < used; at++) printf("%02x", (unsigned char)out[at]);
    puts(detached ? " detached" : "");
    free(out);
    if (detached) return 0;
  }
  return 0;
}
