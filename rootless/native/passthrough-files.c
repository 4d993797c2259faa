#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "passthrough-nodes.h"

#ifndef RWF_APPEND
#define RWF_APPEND 0x10
#endif

static int opened(const struct request *request, int flags, struct answer *answer) {
  int fd = reopen(request->node, flags);
  if (fd < 0) return fd;
  *(struct fuse_open_out *)answer->data = (struct fuse_open_out){.fh = (uint64_t)fd};
  answer->size = sizeof(struct fuse_open_out);
  return 0;
}

/* The kernel alone says where writes go: O_APPEND may be taken back later, and direct access wants aligned memory. */
int do_open(const struct request *request, struct answer *answer) {
  const struct fuse_open_in *in = (const struct fuse_open_in *)request->body;
  if (!S_ISREG(request->node->type)) return -ENXIO;
  return opened(request, (int)in->flags & (O_ACCMODE | O_TRUNC | O_SYNC | O_DSYNC), answer);
}

int do_opendir(const struct request *request, struct answer *answer) { return opened(request, O_RDONLY | O_DIRECTORY, answer); }

static size_t at_most(size_t wish) { return wish < LARGEST ? wish : LARGEST; }

int do_read(const struct request *request, struct answer *answer) {
  const struct fuse_read_in *in = (const struct fuse_read_in *)request->body;
  ssize_t got = pread((int)in->fh, answer->data, at_most(in->size), (off_t)in->offset);
  if (got < 0) return -errno;
  answer->size = (size_t)got;
  return 0;
}

int do_write(const struct request *request, struct answer *answer) {
  const struct fuse_write_in *in = (const struct fuse_write_in *)request->body;
  if (request->length < sizeof *in || request->length - sizeof *in < in->size) return -EINVAL;
  struct iovec data = {(void *)(uintptr_t)(in + 1), in->size};
  bool append = in->flags & O_APPEND && !(in->write_flags & FUSE_WRITE_CACHE);
  ssize_t put = syscall(SYS_pwritev2, (int)in->fh, &data, 1ul, in->offset, 0ul, append ? RWF_APPEND : 0);
  if (put < 0) return -errno;
  *(struct fuse_write_out *)answer->data = (struct fuse_write_out){.size = (unsigned)put};
  answer->size = sizeof(struct fuse_write_out);
  return 0;
}

struct entry { /* linux_dirent64, getdents(2) */
  uint64_t inode;
  int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[];
};

int do_readdir(const struct request *request, struct answer *answer) {
  static char entries[1 << 15] __attribute__((aligned(8)));
  const struct fuse_read_in *in = (const struct fuse_read_in *)request->body;
  int fd = (int)in->fh;
  size_t room = at_most(in->size);
  answer->size = 0;
  if (lseek(fd, (off_t)in->offset, SEEK_SET) < 0) return -errno;
  long got = syscall(SYS_getdents64, fd, entries, room < sizeof entries ? room : sizeof entries);
  if (got < 0) return -errno;
  for (long at = 0; at < got;) {
    const struct entry *entry = (const struct entry *)(entries + at);
    size_t length = strlen(entry->name), size = FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + length);
    if (answer->size + size > room) break;
    struct fuse_dirent *out = (struct fuse_dirent *)(answer->data + answer->size);
    memset(out, 0, size);
    *out = (struct fuse_dirent){.ino = entry->inode, .off = (uint64_t)entry->offset, .namelen = (unsigned)length, .type = entry->type};
    memcpy(out->name, entry->name, length);
    answer->size += size;
    at += entry->length;
  }
  return 0;
}

int do_release(const struct request *request, struct answer *answer) {
  (void)answer;
  close((int)((const struct fuse_release_in *)request->body)->fh);
  return 0;
}

int do_fsync(const struct request *request, struct answer *answer) {
  (void)answer;
  const struct fuse_fsync_in *in = (const struct fuse_fsync_in *)request->body;
  return (in->fsync_flags & FUSE_FSYNC_FDATASYNC ? fdatasync : fsync)((int)in->fh) < 0 ? -errno : 0;
}

int do_fallocate(const struct request *request, struct answer *answer) {
  (void)answer;
  const struct fuse_fallocate_in *in = (const struct fuse_fallocate_in *)request->body;
  return fallocate((int)in->fh, (int)in->mode, (off_t)in->offset, (off_t)in->length) < 0 ? -errno : 0;
}

int do_lseek(const struct request *request, struct answer *answer) {
  const struct fuse_lseek_in *in = (const struct fuse_lseek_in *)request->body;
  off_t found = lseek((int)in->fh, (off_t)in->offset, (int)in->whence);
  if (found < 0) return -errno;
  *(struct fuse_lseek_out *)answer->data = (struct fuse_lseek_out){.offset = (uint64_t)found};
  answer->size = sizeof(struct fuse_lseek_out);
  return 0;
}

int do_copy_range(const struct request *request, struct answer *answer) {
  const struct fuse_copy_file_range_in *in = (const struct fuse_copy_file_range_in *)request->body;
  off_t from = (off_t)in->off_in, to = (off_t)in->off_out;
  size_t length = in->len < 1 << 30 ? in->len : 1 << 30;
  ssize_t put = copy_file_range((int)in->fh_in, &from, (int)in->fh_out, &to, length, 0);
  if (put < 0) return -errno;
  *(struct fuse_write_out *)answer->data = (struct fuse_write_out){.size = (unsigned)put};
  answer->size = sizeof(struct fuse_write_out);
  return 0;
}

int do_statfs(const struct request *request, struct answer *answer) {
  struct statfs about;
  if (fstatfs(request->node->fd, &about) < 0) return -errno;
  *(struct fuse_statfs_out *)answer->data = (struct fuse_statfs_out){{
      .blocks = about.f_blocks,
      .bfree = about.f_bfree,
      .bavail = about.f_bavail,
      .files = about.f_files,
      .ffree = about.f_ffree,
      .bsize = (unsigned)about.f_bsize,
      .namelen = (unsigned)about.f_namelen,
      .frsize = (unsigned)about.f_frsize,
  }};
  answer->size = sizeof(struct fuse_statfs_out);
  return 0;
}
