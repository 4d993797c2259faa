#ifndef APPLY_H
#define APPLY_H

#include <stdbool.h>

/* Exit statuses of the apply job. */
enum {
  APPLY_OK = 0,
  APPLY_FAILED = 1,     /* a system call failed */
  APPLY_BAD_STREAM = 2, /* the stream is cut off or isn't one */
  APPLY_NO_SPACE = 3,   /* the disk, the inodes or the quota are used up */
  APPLY_REFUSED = 4,    /* the operations ask for what can't be: a name that leads nowhere, is too long, ... */
};

/*
 * Carries out the stream of file operations in in_fd below the directory root_fd. rootless/file-ops.ts defines
 * the stream; with keeps_kinds a directory doesn't take the place of anything else, nor the reverse. Whatever it says, nothing outside of root_fd is touched. Returns one of the statuses above; what
 * failed is one line on standard error, "apply: ...". With APPLY_OK, such lines are notices.
 */
int apply_stream(int in_fd, int root_fd, bool keeps_kinds);

#endif
