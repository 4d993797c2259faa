#ifndef FILL_H
#define FILL_H

#include <stdbool.h>

#include "plan.h"

/*
 * volume-fill DATA FIRST-USE PATH UID GID sync|-: while the volume DATA is empty and the container has never been started,
 * what its root has in the directory PATH is copied into it, with that directory's owner and mode; without such a directory
 * it is given to UID:GID. The file FIRST-USE is locked meanwhile, so that of several containers one copies, and says
 * whether a copy was cut off (by a kill, by a full disk): then it is made again, over what there is. `sync`: it is on
 * the disk before it counts as made.
 */

/* Opens the files of all of them, before this process becomes another user. */
void open_volumes(const struct plan *plan);
void fill_volume(int root, const struct operation *operation);

struct new_mount {
  const char *path, *type, *flags, *data;
  bool copies; /* what is in the directory beforehand */
};

/* A new file system, on which FLAGS are the mount's alone: others may have it with other ones. */
void mount_new(int root, const struct new_mount *wish);
/* mount-filled, as mount: what is in the directory beforehand is copied into the new file system. */
void mount_filled(int root, const struct operation *operation);

#endif
