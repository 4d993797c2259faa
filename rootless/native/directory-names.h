#ifndef DIRECTORY_NAMES_H
#define DIRECTORY_NAMES_H

#include <stddef.h>

/* Names of a directory, one after the other, each with its NUL; an empty one ends them. Starts as {0}. */
struct names {
  char *text;
  size_t used, size;
};

/* All names but "." and "..", of the directory that the descriptor is open on (O_PATH will do). -1 with errno. */
int list_names(int directory, struct names *names);

/* The same, as pointers into the text in the order of their bytes. Free with free(). */
char **sorted_names(const struct names *names, size_t *count);

#endif
