/* The layers below a writable one: what they show under a name, without a mount. */
#ifndef BELOW_H
#define BELOW_H

#include <stddef.h>
#include <sys/stat.h>

/* One directory as several layers have it, the topmost first: open directories. {0}: none of them has it. */
struct below {
  int *fds;
  size_t count;
};

enum below_kind {
  BELOW_NOTHING,
  BELOW_OTHER,     /* a file, link or node */
  BELOW_DIRECTORY,
};

/*
 * What is under `name`, with *about filled in unless it is nothing. `marks`: a file `.wh.NAME` hides too. When it is a
 * directory and `in` isn't NULL, *in gets what the layers have of it. Dies when there are no more descriptors.
 */
enum below_kind look_below(const struct below *at, const char *name, int marks, struct stat *about, struct below *in);

void close_below(struct below *below);

#endif
