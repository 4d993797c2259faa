#define _GNU_SOURCE
#include "mount-tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"

static const struct {
  const char *name;
  unsigned long flag;  /* of mount(2) */
  uint64_t attribute;  /* of mount_setattr(2) */
} mount_words[] = {
    {"ro", MS_RDONLY, MOUNT_ATTR_RDONLY},
    {"nosuid", MS_NOSUID, MOUNT_ATTR_NOSUID},
    {"nodev", MS_NODEV, MOUNT_ATTR_NODEV},
    {"noexec", MS_NOEXEC, MOUNT_ATTR_NOEXEC},
    {"noatime", MS_NOATIME, MOUNT_ATTR_NOATIME},
    {"relatime", MS_RELATIME, MOUNT_ATTR_RELATIME},
    {"strictatime", MS_STRICTATIME, MOUNT_ATTR_STRICTATIME},
    {"nodiratime", MS_NODIRATIME, MOUNT_ATTR_NODIRATIME},
    {"sync", MS_SYNCHRONOUS, 0},
    {"dirsync", MS_DIRSYNC, 0},
    {"private", MS_PRIVATE, 0},
    {"shared", MS_SHARED, 0},
    {"slave", MS_SLAVE, 0},
    {"unbindable", MS_UNBINDABLE, 0},
    {"rec", MS_REC, 0},
};

void mount_flags(const char *words, unsigned long *flags, uint64_t *attributes) {
  *flags = 0;
  *attributes = 0;
  if (strcmp(words, "-") == 0) return;
  for (const char *word = words; word;) {
    const char *comma = strchr(word, ',');
    size_t length = comma ? (size_t)(comma - word) : strlen(word), i = 0, all = sizeof mount_words / sizeof *mount_words;
    while (i < all && (strlen(mount_words[i].name) != length || strncmp(mount_words[i].name, word, length) != 0)) i++;
    if (i == all) bug("unknown mount flag %.20s", word);
    *flags |= mount_words[i].flag;
    *attributes |= mount_words[i].attribute;
    word = comma ? comma + 1 : NULL;
  }
}

const unsigned long propagation_flags = MS_PRIVATE | MS_SHARED | MS_SLAVE | MS_UNBINDABLE;

const char *fd_path(int fd) {
  static char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return path;
}

void set_attributes(int tree, uint64_t attributes, uint64_t propagation, bool recursive, const char *path) {
  struct mount_attr attr = {.attr_set = attributes, .propagation = propagation};
  if (attributes & (MOUNT_ATTR_NOATIME | MOUNT_ATTR_STRICTATIME)) attr.attr_clr = MOUNT_ATTR__ATIME;
  if (!attr.attr_set && !attr.propagation) return;
  if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr, sizeof attr) < 0)
    die_errno("cannot set the mount flags of %s", path);
}

/* One option: `key=value`, or a flag. */
static void configure(int context, char *option, const char *type, const char *path) {
  char *equals = strchr(option, '=');
  if (equals) *equals = 0;
  int bad = (int)(equals ? syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, option, equals + 1, 0)
                         : syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, option, NULL, 0));
  if (bad < 0) die_errno("cannot mount %s on %s: the option %s", type, path, option);
}

int new_tree(const char *type, const char *data, uint64_t attributes, const char *path) {
  int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
  char *copy = strdup(data), *rest = copy;
  if (!copy) die("out of memory");
  if (context < 0) die_errno("cannot mount %s on %s", type, path);
  if (syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "source", type, 0) < 0) die_errno("cannot mount %s on %s", type, path);
  for (char *option; (option = strsep(&rest, ","));)
    if (*option) configure(context, option, type, path);
  int tree = -1;
  if (syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
    tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
  if (tree < 0) die_errno("cannot mount %s on %s", type, path);
  close(context);
  free(copy);
  return tree;
}

int clone_tree(int fd, bool recursive, const char *path) {
  int tree = (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0));
  /* A part of a mount whose other parts are locked together can only be taken with all that is mounted below it. */
  if (tree < 0 && errno == EINVAL && !recursive) return clone_tree(fd, true, path);
  if (tree < 0) die_errno("cannot bind %s", path);
  return tree;
}

void attach_tree(int tree, int target, const char *path) {
  if (syscall(SYS_move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
    die_errno("cannot bind onto %s", path);
}
