#define _GNU_SOURCE
#include "pack-attributes.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

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

/* Gives those that an image can have; ends with the first that isn't taken. */
static bool each_attribute(int fd, bool (*take)(const char *name, const unsigned char *value, size_t size)) {
  static char names[BODY_BYTES];
  static unsigned char value[BODY_BYTES];
  ssize_t all = flistxattr(fd, names, sizeof names);
  for (char *name = names; name < names + all; name += strlen(name) + 1) {
    if (!is_carried(name)) continue;
    ssize_t length = fgetxattr(fd, name, value, sizeof value);
    if (length < 0) continue; /* gone again, or of another namespace */
    size_t size = (size_t)length;
    if (strcmp(name, "security.capability") == 0) size = portable_capability(value, size);
    if (!take(name, value, size)) return false;
  }
  return true;
}

static bool write_attribute(const char *name, const unsigned char *value, size_t size) {
  return write_op('x', 0, name, value, size);
}

bool write_attributes(int fd) { return each_attribute(fd, write_attribute); }

static void print_bytes(char before, const void *bytes, size_t length) {
  putchar(before);
  for (size_t i = 0; i < length; i++) printf("%02x", ((const unsigned char *)bytes)[i]);
}

static bool print_attribute(const char *name, const unsigned char *value, size_t size) {
  print_bytes(' ', name, strlen(name));
  print_bytes('=', value, size);
  return true;
}

int job_attributes(void) {
  char *path = NULL;
  size_t room = 0;
  while (getdelim(&path, &room, '\0', stdin) > 0) {
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0) {
      each_attribute(fd, print_attribute);
      close(fd);
    }
    putchar('\n');
  }
  free(path);
  return fflush(stdout) == 0 ? 0 : 1;
}
