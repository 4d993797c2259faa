/* What the parts of the server in passthrough.h share: requests, and the files that the kernel knows. */
#ifndef PASSTHROUGH_NODES_H
#define PASSTHROUGH_NODES_H

#include <linux/fuse.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "id-table.h"

enum { LARGEST = 256 << 10 /* of what is read or written at once */ };

/*
 * A file that the kernel knows; its address is the kernel's number for it. A tree may have more files than a process may have
 * descriptors: those that were asked for longest ago are closed, and found again by name in their directory, whose own
 * stays open. What isn't the same file then is none (ESTALE).
 */
struct node {
  struct node *next;
  uint64_t device, inode, mount;
  uint64_t lookups; /* how often the kernel was told of it and hasn't forgotten it */
  mode_t type;
  int fd;              /* O_PATH, or -1 */
  struct node *parent; /* a directory with this `name` for it; NULL: not known, and the descriptor stays open */
  char *name;
  size_t children; /* whose parent it is; it stays as long as there are any */
  struct node *newer, *older; /* among those that may be closed */
};

struct request {
  const struct fuse_in_header *head;
  struct node *node;
  const char *body; /* a NUL follows it */
  size_t length;
};

struct answer {
  char *data; /* room for LARGEST */
  size_t size;
};

/* They return 0 or an errno, negative. */
typedef int (*handler)(const struct request *, struct answer *);

extern const struct id_table *uid_table, *gid_table;

void set_root_node(int fd);
struct node *node_of(uint64_t number);
void forget_node(uint64_t number, uint64_t times);
/* The node of an O_PATH descriptor, which is taken, as an answer. `parent` has it by `name`; NULL: nobody has. */
int enter_node(int fd, struct node *parent, const char *name, struct fuse_entry_out *out);
/* Its descriptor is open until the next request. 0 or -ESTALE. */
int revive(struct node *node);
int attributes_of(int fd, struct fuse_attr *out);
/* The file anew, opened with these flags of open(2). A descriptor or an errno, negative. */
int reopen(const struct node *node, int flags);
/* For calls that want a path: relative to the working directory, which is /proc/self/fd. Good until the next call. */
const char *name_of(int fd);

/* A name in a directory, and nothing else. The `nth` of those that follow `offset` bytes of the request. NULL: none. */
const char *text_at(const struct request *request, size_t offset, int nth);
const char *component_at(const struct request *request, size_t offset, int nth);

/* What is made from here on belongs to whom the asker is on disk. 0 or -EOVERFLOW. */
int act_as_asker(const struct request *request, mode_t mask);
void act_as_self(void);

/* The handlers, by file. */
#define HANDLER(name) int name(const struct request *, struct answer *)
HANDLER(do_lookup); /* passthrough-names.c */
HANDLER(do_symlink);
HANDLER(do_mknod);
HANDLER(do_mkdir);
HANDLER(do_unlink);
HANDLER(do_rmdir);
HANDLER(do_rename);
HANDLER(do_rename2);
HANDLER(do_link);
HANDLER(do_create);
HANDLER(do_tmpfile);
HANDLER(do_open); /* passthrough-files.c */
HANDLER(do_opendir);
HANDLER(do_read);
HANDLER(do_write);
HANDLER(do_readdir);
HANDLER(do_release);
HANDLER(do_fsync);
HANDLER(do_fallocate);
HANDLER(do_lseek);
HANDLER(do_copy_range);
HANDLER(do_statfs);
HANDLER(do_getattr); /* passthrough-attributes.c */
HANDLER(do_setattr);
HANDLER(do_readlink);
HANDLER(do_getxattr);
HANDLER(do_setxattr);
HANDLER(do_listxattr);
HANDLER(do_removexattr);
#undef HANDLER

#endif
