#define _GNU_SOURCE
#include "passthrough.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/securebits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "passthrough-nodes.h"

enum { HEADERS = 4096 /* room for all of a request but its data */, FIRST_MINOR = 31 };

static int do_init(const struct request *request, struct answer *answer) {
  const struct fuse_init_in *in = (const struct fuse_init_in *)request->body;
  if (in->major != FUSE_KERNEL_VERSION || in->minor < FIRST_MINOR) return -EPROTO;
  *(struct fuse_init_out *)answer->data = (struct fuse_init_out){
      .major = FUSE_KERNEL_VERSION,
      .minor = FUSE_KERNEL_MINOR_VERSION,
      .max_readahead = in->max_readahead,
      .flags = in->flags & (FUSE_ASYNC_READ | FUSE_ATOMIC_O_TRUNC | FUSE_BIG_WRITES | FUSE_DONT_MASK | FUSE_POSIX_ACL |
                            FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES | FUSE_AUTO_INVAL_DATA),
      .max_background = 16,
      .congestion_threshold = 12,
      .max_write = LARGEST,
      .time_gran = 1,
      .max_pages = LARGEST / 4096,
  };
  answer->size = sizeof(struct fuse_init_out);
  return 0;
}

static int do_nothing(const struct request *request, struct answer *answer) {
  (void)request;
  (void)answer;
  return 0;
}

static const struct {
  handler handle;
  size_t least;   /* bytes of a request's body */
  bool by_handle; /* what it is about is what open(2) gave */
} operations[] = {
    [FUSE_INIT] = {do_init, 16},
    [FUSE_LOOKUP] = {do_lookup, 1},
    [FUSE_GETATTR] = {do_getattr, sizeof(struct fuse_getattr_in)},
    [FUSE_SETATTR] = {do_setattr, sizeof(struct fuse_setattr_in)},
    [FUSE_READLINK] = {do_readlink, 0},
    [FUSE_SYMLINK] = {do_symlink, 1},
    [FUSE_MKNOD] = {do_mknod, sizeof(struct fuse_mknod_in)},
    [FUSE_MKDIR] = {do_mkdir, sizeof(struct fuse_mkdir_in)},
    [FUSE_UNLINK] = {do_unlink, 1},
    [FUSE_RMDIR] = {do_rmdir, 1},
    [FUSE_RENAME] = {do_rename, sizeof(struct fuse_rename_in)},
    [FUSE_RENAME2] = {do_rename2, sizeof(struct fuse_rename2_in)},
    [FUSE_LINK] = {do_link, sizeof(struct fuse_link_in)},
    [FUSE_CREATE] = {do_create, sizeof(struct fuse_create_in)},
    [FUSE_TMPFILE] = {do_tmpfile, sizeof(struct fuse_create_in)},
    [FUSE_OPEN] = {do_open, sizeof(struct fuse_open_in)},
    [FUSE_OPENDIR] = {do_opendir, 0},
    [FUSE_READ] = {do_read, sizeof(struct fuse_read_in), true},
    [FUSE_WRITE] = {do_write, sizeof(struct fuse_write_in), true},
    [FUSE_READDIR] = {do_readdir, sizeof(struct fuse_read_in), true},
    [FUSE_FLUSH] = {do_nothing, 0, true},
    [FUSE_RELEASE] = {do_release, sizeof(struct fuse_release_in), true},
    [FUSE_RELEASEDIR] = {do_release, sizeof(struct fuse_release_in), true},
    [FUSE_FSYNC] = {do_fsync, sizeof(struct fuse_fsync_in), true},
    [FUSE_FSYNCDIR] = {do_fsync, sizeof(struct fuse_fsync_in), true},
    [FUSE_FALLOCATE] = {do_fallocate, sizeof(struct fuse_fallocate_in), true},
    [FUSE_LSEEK] = {do_lseek, sizeof(struct fuse_lseek_in), true},
    [FUSE_COPY_FILE_RANGE] = {do_copy_range, sizeof(struct fuse_copy_file_range_in), true},
    [FUSE_STATFS] = {do_statfs, 0},
    [FUSE_GETXATTR] = {do_getxattr, sizeof(struct fuse_getxattr_in)},
    [FUSE_SETXATTR] = {do_setxattr, FUSE_COMPAT_SETXATTR_IN_SIZE},
    [FUSE_LISTXATTR] = {do_listxattr, sizeof(struct fuse_getxattr_in)},
    [FUSE_REMOVEXATTR] = {do_removexattr, 1},
    [FUSE_DESTROY] = {do_nothing, 0},
};

static bool is_by_handle(const struct request *request) {
  if (request->head->opcode == FUSE_GETATTR) return ((const struct fuse_getattr_in *)request->body)->getattr_flags & FUSE_GETATTR_FH;
  return operations[request->head->opcode].by_handle;
}

/* What the kernel tells without wanting an answer. */
static bool told(const struct request *request) {
  const struct fuse_batch_forget_in *many = (const struct fuse_batch_forget_in *)request->body;
  const struct fuse_forget_one *one = (const struct fuse_forget_one *)(many + 1);
  switch (request->head->opcode) {
    case FUSE_INTERRUPT:
      return true;
    case FUSE_FORGET:
      forget_node(request->head->nodeid, ((const struct fuse_forget_in *)request->body)->nlookup);
      return true;
    case FUSE_BATCH_FORGET:
      for (unsigned i = 0; i < many->count && (const char *)(one + i + 1) <= request->body + request->length; i++)
        forget_node(one[i].nodeid, one[i].nlookup);
      return true;
    default:
      return false;
  }
}

static void serve(int device, const struct request *request) {
  static char data[LARGEST] __attribute__((aligned(8)));
  struct answer answer = {data, 0};
  unsigned opcode = request->head->opcode;
  int bad = -ENOSYS;
  if (opcode < sizeof operations / sizeof *operations && operations[opcode].handle) {
    bad = request->length < operations[opcode].least ? -EINVAL : 0;
    if (!bad && request->node && !is_by_handle(request)) bad = revive(request->node);
    if (!bad) bad = operations[opcode].handle(request, &answer);
  }
  if (bad) answer.size = 0;
  struct fuse_out_header head = {.len = (unsigned)(sizeof head + answer.size), .error = bad, .unique = request->head->unique};
  struct iovec parts[] = {{&head, sizeof head}, {data, answer.size}};
  if (writev(device, parts, 2) < 0 && errno == ENODEV) _exit(0);
}

void serve_tree(int device, int tree, const struct id_table *uids, const struct id_table *gids) {
  static char buffer[LARGEST + HEADERS + 1] __attribute__((aligned(8)));
  uid_table = uids;
  gid_table = gids;
  /* Another user of files has the capabilities of this one: that he may do it the kernel has seen. */
  if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0 || chdir("/proc/self/fd") < 0) _exit(1);
  umask(0);
  set_root_node(tree);
  for (;;) {
    ssize_t got = read(device, buffer, sizeof buffer - 1);
    if (got < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN)) continue;
    if (got < (ssize_t)sizeof(struct fuse_in_header)) _exit(got < 0 && errno == ENODEV ? 0 : 1);
    buffer[got] = 0;
    const struct fuse_in_header *head = (const struct fuse_in_header *)buffer;
    struct request request = {head, node_of(head->nodeid), (const char *)(head + 1), (size_t)got - sizeof *head};
    if (!told(&request)) serve(device, &request);
  }
}
