#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stddef.h>
#include <sys/resource.h>

/* Allows this process as many as it may allow itself; gives what was allowed before. */
struct rlimit allow_descriptors(void);
/* Closes all but 0 to 2 and these, which become 3 and those that follow. -1: one of them could not be had. */
int keep_only_descriptors(int *fds, size_t count);

#endif
