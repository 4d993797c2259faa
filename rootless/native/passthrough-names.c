#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "passthrough-nodes.h"

/* The entry of a directory, as an answer. */
static int enter_name(const struct request *request, const char *name, struct answer *answer) {
  int fd = openat(request->node->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  answer->size = sizeof(struct fuse_entry_out);
  return enter_node(fd, request->node, name, (struct fuse_entry_out *)answer->data);
}

int do_lookup(const struct request *request, struct answer *answer) {
  const char *name = component_at(request, 0, 0);
  return name ? enter_name(request, name, answer) : -EINVAL;
}

/* Answers with what has been made, or with why it hasn't: `made` is what a system call returned. */
static int made_name(int made, const struct request *request, const char *name, struct answer *answer) {
  int error = errno;
  act_as_self();
  return made < 0 ? -error : enter_name(request, name, answer);
}

int do_symlink(const struct request *request, struct answer *answer) {
  const char *name = component_at(request, 0, 0), *target = text_at(request, 0, 1);
  if (!name || !target) return -EINVAL;
  int bad = act_as_asker(request, 0);
  if (bad) return bad;
  return made_name(symlinkat(target, request->node->fd, name), request, name, answer);
}

/* Devices are none that a user namespace may make; the kernel would take 0:0, which is an overlay's mark. */
int do_mknod(const struct request *request, struct answer *answer) {
  const struct fuse_mknod_in *in = (const struct fuse_mknod_in *)request->body;
  const char *name = component_at(request, sizeof *in, 0);
  if (!name) return -EINVAL;
  if (S_ISCHR(in->mode) || S_ISBLK(in->mode)) return -EPERM;
  int bad = act_as_asker(request, in->umask);
  if (bad) return bad;
  return made_name(mknodat(request->node->fd, name, in->mode, 0), request, name, answer);
}

int do_mkdir(const struct request *request, struct answer *answer) {
  const struct fuse_mkdir_in *in = (const struct fuse_mkdir_in *)request->body;
  const char *name = component_at(request, sizeof *in, 0);
  if (!name) return -EINVAL;
  int bad = act_as_asker(request, in->umask);
  if (bad) return bad;
  return made_name(mkdirat(request->node->fd, name, in->mode), request, name, answer);
}

static int remove_name(const struct request *request, int flags) {
  const char *name = component_at(request, 0, 0);
  if (!name) return -EINVAL;
  return unlinkat(request->node->fd, name, flags) < 0 ? -errno : 0;
}

int do_unlink(const struct request *request, struct answer *answer) {
  (void)answer;
  return remove_name(request, 0);
}

int do_rmdir(const struct request *request, struct answer *answer) {
  (void)answer;
  return remove_name(request, AT_REMOVEDIR);
}

static int rename_names(const struct request *request, size_t offset, uint64_t directory, unsigned flags) {
  const char *from = component_at(request, offset, 0), *to = component_at(request, offset, 1);
  if (!from || !to || flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) return -EINVAL;
  return syscall(SYS_renameat2, request->node->fd, from, node_of(directory)->fd, to, flags) < 0 ? -errno : 0;
}

int do_rename(const struct request *request, struct answer *answer) {
  (void)answer;
  const struct fuse_rename_in *in = (const struct fuse_rename_in *)request->body;
  return rename_names(request, sizeof *in, in->newdir, 0);
}

int do_rename2(const struct request *request, struct answer *answer) {
  (void)answer;
  const struct fuse_rename2_in *in = (const struct fuse_rename2_in *)request->body;
  return rename_names(request, sizeof *in, in->newdir, in->flags);
}

int do_link(const struct request *request, struct answer *answer) {
  const struct fuse_link_in *in = (const struct fuse_link_in *)request->body;
  const char *name = component_at(request, sizeof *in, 0);
  if (!name) return -EINVAL;
  struct node *old = node_of(in->oldnodeid);
  int bad = revive(old);
  if (bad) return bad;
  if (linkat(AT_FDCWD, name_of(old->fd), request->node->fd, name, AT_SYMLINK_FOLLOW) < 0) return -errno;
  return enter_name(request, name, answer);
}

/* Whether the asker may open a file that somebody else makes at this moment, the kernel says when it looks again. */
static int create(const struct request *request, const struct fuse_create_in *in, const char *name) {
  int flags = (int)in->flags & (O_ACCMODE | O_TRUNC);
  int bad = act_as_asker(request, in->umask);
  if (bad) return bad;
  int fd = openat(request->node->fd, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, in->mode), error = errno;
  act_as_self();
  if (fd >= 0) return fd;
  return error == EEXIST && !(in->flags & O_EXCL) ? -ESTALE : -error;
}

/* `fd`, a file just made, as an answer of two parts. NULL: it has no name. */
static int entered(int fd, const struct request *request, const char *name, struct answer *answer) {
  struct fuse_entry_out *entry = (struct fuse_entry_out *)answer->data;
  struct fuse_open_out *opened = (struct fuse_open_out *)(entry + 1);
  int known = open(name_of(fd), O_PATH | O_CLOEXEC), bad = known < 0 ? -errno : enter_node(known, request->node, name, entry);
  if (bad) close(fd);
  *opened = (struct fuse_open_out){.fh = (uint64_t)fd};
  answer->size = sizeof *entry + sizeof *opened;
  return bad;
}

int do_create(const struct request *request, struct answer *answer) {
  const struct fuse_create_in *in = (const struct fuse_create_in *)request->body;
  const char *name = component_at(request, sizeof *in, 0);
  if (!name) return -EINVAL;
  int fd = create(request, in, name);
  return fd < 0 ? fd : entered(fd, request, name, answer);
}

int do_tmpfile(const struct request *request, struct answer *answer) {
  const struct fuse_create_in *in = (const struct fuse_create_in *)request->body;
  int bad = act_as_asker(request, in->umask);
  if (bad) return bad;
  int flags = (int)in->flags & (O_ACCMODE | O_EXCL);
  int fd = open(name_of(request->node->fd), flags | O_TMPFILE | O_CLOEXEC, in->mode), error = errno;
  act_as_self();
  return fd < 0 ? -error : entered(fd, request, NULL, answer);
}
