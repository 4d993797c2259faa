#ifndef TREE_JOBS_H
#define TREE_JOBS_H

#include "plan.h"

/*
 * disk-usage PATH...: one line a path on standard output, `ALLOCATED SIZE COUNT`: bytes on the disk as du(1) counts
 * them, bytes of the regular files, and how many files. A file with several names counts once, with the first path that
 * has it; a path that isn't there is `0 0 0`.
 */
int job_disk_usage(const struct operation *job);

/* chown UID GID PATH...: gives all in these trees to an owner, in the ids of this namespace. An exit status. */
int job_chown(const struct operation *job);

/* sync DIR: all that the file system of DIR holds is on the disk after it, syncfs(2). An exit status. */
int job_sync(const struct operation *job);

#endif
