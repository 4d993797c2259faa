#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "passthrough-nodes.h"

int do_getattr(const struct request *request, struct answer *answer) {
  const struct fuse_getattr_in *in = (const struct fuse_getattr_in *)request->body;
  struct fuse_attr_out *out = (struct fuse_attr_out *)answer->data;
  *out = (struct fuse_attr_out){0};
  answer->size = sizeof *out;
  return attributes_of(in->getattr_flags & FUSE_GETATTR_FH ? (int)in->fh : request->node->fd, &out->attr);
}

static int change_owner(int fd, const struct fuse_setattr_in *in) {
  unsigned uid = UINT_MAX, gid = UINT_MAX;
  if (in->valid & FATTR_UID && !move_id_back(uid_table, in->uid, &uid)) return -EOVERFLOW;
  if (in->valid & FATTR_GID && !move_id_back(gid_table, in->gid, &gid)) return -EOVERFLOW;
  return fchownat(fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int change_size(const struct node *node, const struct fuse_setattr_in *in) {
  int own = in->valid & FATTR_FH ? -1 : reopen(node, O_WRONLY);
  if (own < 0 && !(in->valid & FATTR_FH)) return own;
  int bad = ftruncate(own < 0 ? (int)in->fh : own, (off_t)in->size) < 0 ? -errno : 0;
  if (own >= 0) close(own);
  return bad;
}

static struct timespec time_of(unsigned valid, unsigned set, unsigned now, uint64_t seconds, unsigned nanoseconds) {
  if (!(valid & set)) return (struct timespec){.tv_nsec = UTIME_OMIT};
  if (valid & now) return (struct timespec){.tv_nsec = UTIME_NOW};
  return (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds};
}

static int change_times(int fd, const struct fuse_setattr_in *in) {
  const struct timespec times[] = {
      time_of(in->valid, FATTR_ATIME, FATTR_ATIME_NOW, in->atime, in->atimensec),
      time_of(in->valid, FATTR_MTIME, FATTR_MTIME_NOW, in->mtime, in->mtimensec),
  };
  return utimensat(AT_FDCWD, name_of(fd), times, 0) < 0 ? -errno : 0;
}

/* In this order: chown(2) takes set-user-ID bits away. */
int do_setattr(const struct request *request, struct answer *answer) {
  const struct fuse_setattr_in *in = (const struct fuse_setattr_in *)request->body;
  int fd = request->node->fd, bad = 0;
  if (in->valid & (FATTR_UID | FATTR_GID)) bad = change_owner(fd, in);
  if (!bad && in->valid & FATTR_MODE && chmod(name_of(fd), in->mode & 07777) < 0) bad = -errno;
  if (!bad && in->valid & FATTR_SIZE) bad = change_size(request->node, in);
  if (!bad && in->valid & (FATTR_ATIME | FATTR_MTIME)) bad = change_times(fd, in);
  struct fuse_attr_out *out = (struct fuse_attr_out *)answer->data;
  *out = (struct fuse_attr_out){0};
  answer->size = sizeof *out;
  return bad ? bad : attributes_of(fd, &out->attr);
}

int do_readlink(const struct request *request, struct answer *answer) {
  ssize_t length = readlinkat(request->node->fd, "", answer->data, PATH_MAX);
  if (length < 0) return -errno;
  answer->size = (size_t)length;
  return 0;
}

static bool is_acl(const char *name) { return strcmp(name, "system.posix_acl_access") == 0 || strcmp(name, "system.posix_acl_default") == 0; }

/* Labels of security modules are the host's affair. */
static bool passes(const char *name) { return strncmp(name, "user.", 5) == 0 || strcmp(name, "security.capability") == 0 || is_acl(name); }

/* linux/posix_acl_xattr.h; an entry has its id only for one user or group by name. */
struct acl_entry {
  uint16_t tag, rights;
  uint32_t id;
};
enum { ACL_HEADER = 4, ACL_USER = 2, ACL_GROUP = 8 };

/* Moves the ids of a list, out to the container or back to the disk. Entries of unknown ids are left out. The new size. */
static size_t move_acl(char *list, size_t size, bool back, bool *left_out) {
  size_t kept = ACL_HEADER;
  *left_out = false;
  for (size_t at = ACL_HEADER; at + sizeof(struct acl_entry) <= size; at += sizeof(struct acl_entry)) {
    struct acl_entry entry;
    memcpy(&entry, list + at, sizeof entry);
    const struct id_table *table = entry.tag == ACL_USER ? uid_table : entry.tag == ACL_GROUP ? gid_table : NULL;
    if (table && !(back ? move_id_back : move_id)(table, entry.id, &entry.id)) {
      *left_out = true;
      continue;
    }
    memcpy(list + kept, &entry, sizeof entry);
    kept += sizeof entry;
  }
  return kept;
}

int do_getxattr(const struct request *request, struct answer *answer) {
  const struct fuse_getxattr_in *in = (const struct fuse_getxattr_in *)request->body;
  const char *name = text_at(request, sizeof *in, 0);
  if (!name) return -EINVAL;
  if (!passes(name)) return -EOPNOTSUPP;
  ssize_t got = getxattr(name_of(request->node->fd), name, answer->data, LARGEST);
  if (got < 0) return -errno;
  bool left_out;
  size_t size = is_acl(name) && got >= ACL_HEADER ? move_acl(answer->data, (size_t)got, false, &left_out) : (size_t)got;
  if (in->size != 0 && in->size < size) return -ERANGE;
  if (in->size == 0) *(struct fuse_getxattr_out *)answer->data = (struct fuse_getxattr_out){.size = (unsigned)size};
  answer->size = in->size == 0 ? sizeof(struct fuse_getxattr_out) : size;
  return 0;
}

/* Who changes a list doesn't see the entries of ids that the container lacks, and must not take them away. */
static bool has_hidden_entries(const char *file, const char *name, char *room) {
  ssize_t got = getxattr(file, name, room, LARGEST);
  bool left_out = false;
  if (got >= ACL_HEADER) move_acl(room, (size_t)got, false, &left_out);
  return left_out;
}

int do_setxattr(const struct request *request, struct answer *answer) {
  const struct fuse_setxattr_in *in = (const struct fuse_setxattr_in *)request->body;
  const char *name = text_at(request, FUSE_COMPAT_SETXATTR_IN_SIZE, 0), *file = name_of(request->node->fd);
  if (!name) return -EINVAL;
  if (!passes(name)) return -EOPNOTSUPP;
  const char *value = name + strlen(name) + 1;
  size_t size = in->size;
  if (size > LARGEST || value + size > request->body + request->length) return -EINVAL;
  if (is_acl(name)) {
    bool left_out;
    if (has_hidden_entries(file, name, answer->data)) return -EOVERFLOW;
    memcpy(answer->data, value, size);
    value = answer->data;
    if (size >= ACL_HEADER) size = move_acl(answer->data, size, true, &left_out);
    if (size != in->size) return -EOVERFLOW;
  }
  answer->size = 0;
  return setxattr(file, name, value, size, (int)in->flags) < 0 ? -errno : 0;
}

int do_listxattr(const struct request *request, struct answer *answer) {
  const struct fuse_getxattr_in *in = (const struct fuse_getxattr_in *)request->body;
  ssize_t got = listxattr(name_of(request->node->fd), answer->data, LARGEST);
  if (got < 0) return -errno;
  char *kept = answer->data;
  for (const char *name = answer->data, *end = name + got; name < end;) {
    size_t length = strlen(name) + 1;
    if (passes(name)) {
      memmove(kept, name, length);
      kept += length;
    }
    name += length;
  }
  size_t size = (size_t)(kept - answer->data);
  if (in->size != 0 && in->size < size) return -ERANGE;
  if (in->size == 0) *(struct fuse_getxattr_out *)answer->data = (struct fuse_getxattr_out){.size = (unsigned)size};
  answer->size = in->size == 0 ? sizeof(struct fuse_getxattr_out) : size;
  return 0;
}

int do_removexattr(const struct request *request, struct answer *answer) {
  const char *name = text_at(request, 0, 0), *file = name_of(request->node->fd);
  if (!name) return -EINVAL;
  if (!passes(name)) return -EOPNOTSUPP;
  if (is_acl(name) && has_hidden_entries(file, name, answer->data)) return -EOVERFLOW;
  return removexattr(file, name) < 0 ? -errno : 0;
}
