#define _GNU_SOURCE
#include "pack-attributes.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/xattr.h>

#include "op-stream.h"
#include "op-writer.h"

/* What the overlay keeps for itself in a directory that is one of its layers. */
static bool is_overlays_own(const char *name) {
  return strncmp(name, "user.overlay.", 13) == 0 || strncmp(name, "user.fuseoverlayfs.", 19) == 0;
}

static bool is_carried(const char *name) {
  if (is_overlays_own(name)) return false;
  return strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0 ||
         strncmp(name, "system.posix_acl_", 17) == 0;
}

/* Revision 3 names a user namespace by its root's id on this machine: that means nothing elsewhere. capabilities(7) */
static size_t portable_capability(unsigned char *value, size_t length) {
  struct vfs_ns_cap_data data;
  if (length != sizeof data) return length;
  memcpy(&data, value, sizeof data);
  data.magic_etc = VFS_CAP_REVISION_2 | (data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE);
  memcpy(value, &data, XATTR_CAPS_SZ_2);
  return XATTR_CAPS_SZ_2;
}

bool write_attributes(int fd) {
  static char names[BODY_BYTES];
  static unsigned char value[BODY_BYTES];
  ssize_t all = flistxattr(fd, names, sizeof names);
  for (char *name = names; name < names + all; name += strlen(name) + 1) {
    if (!is_carried(name)) continue;
    ssize_t length = fgetxattr(fd, name, value, sizeof value);
    if (length < 0) continue; /* gone again, or of another namespace */
    size_t size = (size_t)length;
    if (strcmp(name, "security.capability") == 0) size = portable_capability(value, size);
    if (!write_op('x', 0, name, value, size)) return false;
  }
  return true;
}
