#define _GNU_SOURCE
#include "passthrough-nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* musl's <sys/stat.h> and the kernel's <linux/stat.h> can't be included together. */
extern mode_t umask(mode_t);

enum { BUCKETS = 1 << 14 };

static struct node root, *buckets[BUCKETS];
static struct node open_files = {.newer = &open_files, .older = &open_files}; /* the oldest is its `newer` */
static size_t open_count, most_open;
const struct id_table *uid_table, *gid_table;

const char *name_of(int fd) {
  static char name[16];
  snprintf(name, sizeof name, "%d", fd);
  return name;
}

int reopen(const struct node *node, int flags) {
  int fd = open(name_of(node->fd), (flags & ~(O_NOFOLLOW | O_CREAT | O_EXCL)) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

static int look(int fd, struct statx *about) {
  return syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_MNT_ID, about) < 0 ? -errno : 0;
}

static uint64_t device_of(const struct statx *about) { return (uint64_t)about->stx_dev_major << 32 | about->stx_dev_minor; }

static struct node **place_of(uint64_t device, uint64_t inode, uint64_t mount) {
  uint64_t hash = (inode ^ device << 20 ^ mount << 8) * 0x9e3779b97f4a7c15u;
  return &buckets[hash >> 50];
}

static void identify(struct node *node, const struct statx *about) {
  node->device = device_of(about);
  node->inode = about->stx_ino;
  node->mount = about->stx_mnt_id;
  node->type = about->stx_mode & S_IFMT;
}

void set_root_node(int fd) {
  struct statx about = {0};
  struct rlimit files;
  most_open = getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur / 2 : 512; /* directories and open files need the rest */
  root.fd = fd;
  if (look(fd, &about) < 0) _exit(1);
  identify(&root, &about);
}

struct node *node_of(uint64_t number) { return number == FUSE_ROOT_ID ? &root : (struct node *)(uintptr_t)number; }

static void leave_open_files(struct node *node) {
  if (!node->newer) return;
  node->newer->older = node->older;
  node->older->newer = node->newer;
  node->newer = node->older = NULL;
  open_count--;
}

static void close_node(struct node *node) {
  leave_open_files(node);
  if (node->fd >= 0) close(node->fd);
  node->fd = -1;
}

/* The newest of those that may be closed; the oldest is, where they are too many. */
static void enter_open_files(struct node *node) {
  leave_open_files(node);
  if (!node->parent) return;
  node->newer = &open_files;
  node->older = open_files.older;
  node->older->newer = open_files.older = node;
  if (++open_count > most_open) close_node(open_files.newer);
}

static void leave_parent(struct node *node) {
  struct node *parent = node->parent;
  free(node->name);
  node->name = NULL;
  node->parent = NULL;
  if (!parent || --parent->children > 0 || parent->lookups > 0 || parent == &root) return;
  close_node(parent);
  free(parent);
}

static void set_parent(struct node *node, struct node *parent, const char *name) {
  if (node->type == S_IFDIR || (node->parent == parent && node->name && name && strcmp(node->name, name) == 0)) return;
  char *copy = name ? strdup(name) : NULL;
  if (copy) parent->children++;
  leave_parent(node);
  node->parent = copy ? parent : NULL;
  node->name = copy;
}

void forget_node(uint64_t number, uint64_t times) {
  struct node *node = node_of(number);
  if (node == &root) return;
  node->lookups -= node->lookups < times ? node->lookups : times;
  if (node->lookups > 0) return;
  struct node **at = place_of(node->device, node->inode, node->mount);
  while (*at && *at != node) at = &(*at)->next;
  if (*at) *at = node->next;
  if (node->children > 0) return;
  leave_parent(node);
  close_node(node);
  free(node);
}

static bool is_same(const struct node *node, const struct node *other) {
  return node->inode == other->inode && node->device == other->device && node->mount == other->mount;
}

int revive(struct node *node) {
  if (node->fd < 0) {
    struct statx about = {0};
    struct node found = {0};
    int fd = openat(node->parent->fd, node->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -ESTALE;
    if (look(fd, &about) == 0) identify(&found, &about);
    if (!is_same(node, &found) || node->type != found.type) {
      close(fd);
      return -ESTALE;
    }
    node->fd = fd;
  }
  enter_open_files(node);
  return 0;
}

/* The owner of nobody: no user namespace has this id. */
static unsigned shown(const struct id_table *table, unsigned id) {
  unsigned moved = UINT_MAX;
  move_id(table, id, &moved);
  return moved;
}

static void describe(const struct statx *about, struct fuse_attr *out) {
  *out = (struct fuse_attr){
      .ino = about->stx_ino,
      .size = about->stx_size,
      .blocks = about->stx_blocks,
      .atime = (uint64_t)about->stx_atime.tv_sec,
      .mtime = (uint64_t)about->stx_mtime.tv_sec,
      .ctime = (uint64_t)about->stx_ctime.tv_sec,
      .atimensec = about->stx_atime.tv_nsec,
      .mtimensec = about->stx_mtime.tv_nsec,
      .ctimensec = about->stx_ctime.tv_nsec,
      .mode = about->stx_mode,
      .nlink = about->stx_nlink,
      .uid = shown(uid_table, about->stx_uid),
      .gid = shown(gid_table, about->stx_gid),
      .rdev = (unsigned)makedev(about->stx_rdev_major, about->stx_rdev_minor),
      .blksize = about->stx_blksize,
  };
}

int attributes_of(int fd, struct fuse_attr *out) {
  struct statx about = {0};
  int bad = look(fd, &about);
  if (!bad) describe(&about, out);
  return bad;
}

/* The node of what a descriptor is, which is taken. NULL: out of memory. */
static struct node *known_node(int fd, const struct statx *about) {
  struct node wanted = {.fd = fd};
  identify(&wanted, about);
  struct node **first = place_of(wanted.device, wanted.inode, wanted.mount), *node = *first;
  while (node && !is_same(node, &wanted)) node = node->next;
  if (!node) {
    if (!(node = malloc(sizeof *node))) return NULL;
    *node = wanted;
    node->next = *first;
    *first = node;
  } else if (node->fd < 0) node->fd = fd;
  else close(fd);
  return node;
}

int enter_node(int fd, struct node *parent, const char *name, struct fuse_entry_out *out) {
  struct statx about = {0};
  int bad = look(fd, &about);
  struct node *node = bad ? NULL : known_node(fd, &about);
  if (!node) {
    close(fd);
    return bad ? bad : -ENOMEM;
  }
  node->lookups++;
  set_parent(node, parent, name);
  enter_open_files(node);
  *out = (struct fuse_entry_out){.nodeid = (uintptr_t)node};
  describe(&about, &out->attr);
  return 0;
}

const char *text_at(const struct request *request, size_t offset, int nth) {
  const char *text = request->body + offset, *end = request->body + request->length;
  while (nth-- > 0 && text < end) text += strlen(text) + 1;
  return text < end ? text : NULL;
}

const char *component_at(const struct request *request, size_t offset, int nth) {
  const char *name = text_at(request, offset, nth);
  if (!name || !*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return NULL;
  return name;
}

int act_as_asker(const struct request *request, mode_t mask) {
  unsigned uid, gid;
  if (!move_id_back(uid_table, request->head->uid, &uid) || !move_id_back(gid_table, request->head->gid, &gid)) return -EOVERFLOW;
  setfsgid(gid);
  setfsuid(uid);
  umask(mask);
  if ((unsigned)setfsuid((uid_t)-1) == uid && (unsigned)setfsgid((gid_t)-1) == gid) return 0;
  act_as_self();
  return -EOVERFLOW;
}

void act_as_self(void) {
  setfsuid(0);
  setfsgid(0);
  umask(0);
}
