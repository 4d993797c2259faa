#ifndef PROBE_H
#define PROBE_H

/*
 * Tries the kernel's overlay (userxattr) below `directory`, in a user and mount namespace of its own: mounts one,
 * then removes, replaces and renames in it, which needs whiteouts and extended attributes of the file system. 0, or
 * the tool's exit status after a line on standard error that tells what failed. Leaves nothing behind.
 */
int probe_overlay(const char *directory);

#endif
