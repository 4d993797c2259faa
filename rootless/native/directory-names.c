#define _GNU_SOURCE
#include "directory-names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

static void keep_name(struct names *names, const char *name) {
  size_t length = strlen(name) + 1;
  while (names->used + length + 1 > names->size) {
    names->size = names->size ? names->size * 2 : 4096;
    names->text = realloc(names->text, names->size);
    if (!names->text) die("out of memory");
  }
  memcpy(names->text + names->used, name, length);
  names->used += length;
  names->text[names->used] = '\0';
}

int list_names(int directory, struct names *names) {
  *names = (struct names){0};
  int again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *stream = again < 0 ? NULL : fdopendir(again);
  if (!stream) return -1;
  keep_name(names, ""); /* allocates */
  names->used = 0;
  struct dirent *entry;
  errno = 0;
  while ((entry = readdir(stream)))
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) keep_name(names, entry->d_name);
  int error = errno;
  closedir(stream);
  errno = error;
  return error ? -1 : 0;
}

static int compare(const void *one, const void *other) { return strcmp(*(char *const *)one, *(char *const *)other); }

char **sorted_names(const struct names *names, size_t *count) {
  size_t all = 0;
  for (char *name = names->text; *name; name += strlen(name) + 1) all++;
  char **sorted = calloc(all + 1, sizeof *sorted);
  if (!sorted) die("out of memory");
  *count = 0;
  for (char *name = names->text; *name; name += strlen(name) + 1) sorted[(*count)++] = name;
  qsort(sorted, all, sizeof *sorted, compare);
  return sorted;
}
