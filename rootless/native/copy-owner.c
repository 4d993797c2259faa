#define _GNU_SOURCE
#include "copy-owner.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy.h"
#include "die.h"
#include "id-table.h"

enum {
  XATTR_ROOM = 1 << 16, /* XATTR_LIST_MAX and XATTR_SIZE_MAX of linux/limits.h */
  NOBODY = 65534,
};

static bool moved;
static struct id_table uid_table, gid_table;

void copy_owners(const char *uids, const char *gids) {
  moved = strcmp(uids, "-") != 0;
  if (!moved) return;
  parse_id_table(uids, &uid_table);
  parse_id_table(gids, &gid_table);
}

static unsigned owner_of_copy(unsigned id, const struct id_table *table) {
  if (!moved) return id;
  unsigned wanted = NOBODY;
  move_id(table, id, &wanted);
  return wanted;
}

uid_t copied_uid(const struct stat *about) { return owner_of_copy(about->st_uid, &uid_table); }
gid_t copied_gid(const struct stat *about) { return owner_of_copy(about->st_gid, &gid_table); }

/* What the overlay drivers note for themselves. */
static bool is_marker(const char *attribute) {
  return strncmp(attribute, "user.overlay.", 13) == 0 || strncmp(attribute, "trusted.overlay.", 16) == 0 ||
         strncmp(attribute, "user.fuseoverlayfs.", 19) == 0;
}

/*
 * File capabilities count in the user namespace whose root they name, and revision 3 can name another than this one's:
 * vfs_ns_cap_data of linux/capability.h, capabilities(7).
 */
static ssize_t move_capability(char *value, ssize_t length) {
  struct vfs_ns_cap_data data = {0};
  if (!moved || length < (ssize_t)XATTR_CAPS_SZ_2) return length;
  memcpy(&data, value, XATTR_CAPS_SZ_2);
  data.magic_etc = VFS_CAP_REVISION_3 | (data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE);
  data.rootid = owner_of_copy(0, &uid_table);
  memcpy(value, &data, sizeof data);
  return sizeof data;
}

static int copy_attributes(int from, int to) {
  static char names[XATTR_ROOM], value[XATTR_ROOM];
  ssize_t all = flistxattr(from, names, sizeof names);
  if (all < 0) return errno == ENOTSUP ? 0 : -1;
  for (char *name = names; name < names + all; name += strlen(name) + 1) {
    if (is_marker(name)) continue;
    ssize_t length = fgetxattr(from, name, value, sizeof value);
    if (length < 0 && (errno == ENODATA || errno == ENOTSUP)) continue;
    if (length < 0) return -1;
    if (strcmp(name, "security.capability") == 0) length = move_capability(value, length);
    /* Labels of security modules are the host's affair, and another file system may hold no attributes at all. */
    if (fsetxattr(to, name, value, (size_t)length, 0) < 0 && errno != ENOTSUP && errno != EPERM) return -1;
  }
  return 0;
}

void drop_attributes(int directory) {
  static char names[XATTR_ROOM];
  ssize_t all = flistxattr(directory, names, sizeof names);
  for (char *name = names; name < names + all; name += strlen(name) + 1) fremovexattr(directory, name);
}

int copy_metadata(int from, int to, const struct stat *about) {
  const struct timespec times[2] = {about->st_mtim, about->st_mtim};
  /* In this order: chown(2) takes set-user-ID bits and capabilities away. With one id only it changes nothing. */
  if (fchown(to, copied_uid(about), copied_gid(about)) < 0 && errno != EPERM && errno != EINVAL) return -1;
  if (fchmod(to, about->st_mode & 07777) < 0) return -1;
  if (copy_attributes(from, to) < 0) return -1;
  return futimens(to, times);
}

int is_opaque(int directory) {
  static const char *const names[] = {"user.overlay.opaque", "user.fuseoverlayfs.opaque", "trusted.overlay.opaque"};
  char value;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (fgetxattr(directory, names[i], &value, 1) == 1 && value == 'y') return 1;
  struct stat about;
  if (fstatat(directory, ".wh..wh..opq", &about, AT_SYMLINK_NOFOLLOW) == 0) return 1;
  return errno == ENOENT ? 0 : -1;
}
