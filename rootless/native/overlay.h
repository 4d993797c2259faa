#ifndef OVERLAY_H
#define OVERLAY_H

#include "plan.h"

/* root-overlay UPPER WORK LOWER... (- for both: read-only): mounts it on `target`. A descriptor of the mounted root. */
int mount_root_overlay(const struct operation *operation, const char *target);

/* Opens the directories of all `overlay` operations, as open_sources() of mounts.h does those of binds. */
void open_overlays(const struct plan *plan);

/*
 * overlay PATH FLAGS SCRATCH SUBPATH LOWER...: what is in the directories LOWER, the topmost first, on PATH in the root.
 * It can be written to where SCRATCH isn't empty: that directory is made anew each time, and takes the changes.
 */
void mount_overlay(int root, const struct operation *operation);

#endif
