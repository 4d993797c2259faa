/*
 * Feeds plan_parse with spoiled plans. With libFuzzer (clang -fsanitize=fuzzer) it defines the target; else, with
 * -DALONE: plan-fuzz RUNS SEED FILE...: so many mutations of the files. What is no plan must end in bug(), never
 * elsewhere, and what is one must come out with each word in the text.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "plan.h"

static jmp_buf refused;

/* In the place of die.c. */
void die_with(int code, const char *format, ...) {
  (void)code, (void)format;
  abort();
}
void die_errno(const char *format, ...) {
  (void)format;
  abort();
}
void bug(const char *format, ...) {
  (void)format;
  longjmp(refused, 1);
}

/* The parser keeps its memory to its process's end; here it is given back, through the allocator's own door. */
#define calloc(count, size) note(calloc(count, size))
static void *kept[4];
static size_t kept_count;
static void *note(void *memory) { return kept[kept_count++] = memory; }
#include <plan.c> /* the launcher's, not the driver beside this one */
#undef calloc

static void check(const struct plan *plan, const char *text, size_t length) {
  for (size_t i = 0; i < plan->count; i++) {
    const struct operation *operation = &plan->operations[i];
    if (operation->count == 0 || operation->words[operation->count]) abort();
    for (size_t word = 0; word < operation->count; word++) {
      const char *at = operation->words[word];
      if (at < text || at + strlen(at) >= text + length) abort();
    }
    if (plan_find(plan, operation->words[0]) > operation) abort();
  }
  if (plan_word(plan, "exec", 1u << 20)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length) {
  struct plan plan = {0};
  char *text = malloc(length + 1);
  memcpy(text, data, length);
  text[length] = 0;
  kept_count = 0;
  if (setjmp(refused) == 0) {
    plan_parse(&plan, text, length);
    check(&plan, text, length);
  }
  for (size_t i = 0; i < kept_count; i++) free(kept[i]);
  free(text);
  return 0;
}

#ifdef ALONE
static uint64_t state;
static uint64_t random_below(uint64_t limit) { /* xorshift64* */
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 2685821657736338717ull % limit;
}

static size_t mutate(uint8_t *data, size_t length, size_t room) {
  static const char *const words[] = {" ", "\n", "''", "\\", "\\040", "\\000", "\\777", "\\1", "plan 1 run\n", "exec ", "env A=", "uidmap 0 1 2\n", "9223372036854775808"};
  for (uint64_t count = 1 + random_below(6); count > 0; count--) {
    size_t at = random_below(length + 1), end = at + random_below(length + 1 - at);
    const char *word = words[random_below(sizeof words / sizeof *words)];
    size_t size = strlen(word);
    switch (random_below(5)) {
      case 0:
        if (at < length) data[at] = (uint8_t)random_below(256);
        break;
      case 1: /* out */
        memmove(data + at, data + end, length - end);
        length -= end - at;
        break;
      case 2: /* in */
        if (length + size > room) break;
        memmove(data + at + size, data + at, length - at);
        memcpy(data + at, word, size);
        length += size;
        break;
      case 3: /* again, behind the end */
        if (length + end - at > room) break;
        memcpy(data + length, data + at, end - at);
        length += end - at;
        break;
      default:
        if (at < length) data[at] ^= (uint8_t)(1u << random_below(8));
    }
  }
  return length;
}

int main(int argc, char **argv) {
  static uint8_t data[1 << 16];
  state = strtoull(argv[2], NULL, 10) | 1;
  for (long runs = atol(argv[1]); runs > 0; runs--) {
    FILE *file = fopen(argv[3 + random_below((uint64_t)argc - 3)], "rb");
    size_t length = fread(data, 1, sizeof data, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, mutate(data, length, sizeof data));
  }
  puts("no failure");
  return 0;
}
#endif
