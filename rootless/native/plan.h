/*
 * A plan: operations, one a line, words separated by one space, special bytes as \ooo, an empty word as ''.
 * The first line is `plan VERSION ROLE`. rootless/plan.ts writes it and documents every operation.
 */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>

#define PLAN_VERSION 1

struct operation {
  char **words; /* words[0] is its name; words[count] is NULL */
  size_t count;
};

struct plan {
  const char *role;
  const char *file; /* it was read from; NULL: it came as an argument */
  struct operation *operations;
  size_t count;
};

/* Parses the text in place (it must stay). Dies on anything that is not a plan of this version. */
void plan_parse(struct plan *plan, char *text, size_t length);
char *plan_read_file(const char *path, size_t *length);

/* The first operation of that name at or after *from, which moves past it; NULL when there is none. */
const struct operation *plan_next(const struct plan *plan, const char *name, size_t *from);
/* The first operation of that name, or NULL. */
const struct operation *plan_find(const struct plan *plan, const char *name);
/* Its word number `index`, or NULL when the plan has no such operation. */
const char *plan_word(const struct plan *plan, const char *name, size_t index);

long long number_of(const char *word);
unsigned long long hex_of(const char *word);

#endif
