#define _GNU_SOURCE
#include "overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "mount-tree.h"
#include "path.h"
#include "remove.h"

extern int mount(const char *, const char *, const char *, unsigned long, const void *);
extern int umount2(const char *, int);
#define MNT_DETACH 2

/* Directories of one overlay; the others are -1 where it takes no changes. */
struct stack {
  int *lowers;
  size_t count;
  int above; /* holds the scratch directory */
  int upper, work;
};

static int open_directory(const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) die_errno("cannot open %s", path);
  return fd;
}

static void close_stack(struct stack *stack) {
  for (size_t i = 0; i < stack->count; i++) close(stack->lowers[i]);
  if (stack->upper >= 0) close(stack->upper);
  if (stack->work >= 0) close(stack->work);
  if (stack->above >= 0) close(stack->above);
  free(stack->lowers);
}

/*
 * The layers are named by descriptors, seen from /proc/self/fd: 120 layers fit into the one page that
 * mount(2) has for its options, and no character of a path needs an escape.
 */
static int mount_stack(const struct stack *stack, const char *target, unsigned long flags) {
  size_t size = stack->count * 12 + 128;
  char *options = malloc(size);
  if (!options) die("out of memory");
  size_t length = (size_t)snprintf(options, size, "userxattr,lowerdir=");
  for (size_t i = 0; i < stack->count; i++)
    length += (size_t)snprintf(options + length, size - length, "%s%d", i ? ":" : "", stack->lowers[i]);
  if (stack->upper >= 0) snprintf(options + length, size - length, ",upperdir=%d,workdir=%d", stack->upper, stack->work);
  int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (chdir("/proc/self/fd") < 0) die_errno("cannot enter /proc/self/fd");
  int bad = mount("overlay", target, "overlay", flags, options), error = errno;
  if (here >= 0 && fchdir(here) < 0) die_errno("fchdir");
  if (here >= 0) close(here);
  free(options);
  errno = error;
  return bad;
}

static struct stack stack_of(char **lowers, size_t count) {
  struct stack stack = {calloc(count, sizeof *stack.lowers), count, -1, -1, -1};
  if (!stack.lowers) die("out of memory");
  for (size_t i = 0; i < count; i++) stack.lowers[i] = open_directory(lowers[i]);
  return stack;
}

int mount_root_overlay(const struct operation *operation, const char *target) {
  struct stack stack = stack_of(operation->words + 3, operation->count - 3);
  if (strcmp(operation->words[1], "-") != 0) {
    stack.upper = open_directory(operation->words[1]);
    stack.work = open_directory(operation->words[2]);
  }
  if (mount_stack(&stack, target, MS_NODEV) < 0) {
    set_hint("try --storage-driver fuse-overlayfs, and see `tsc-pod doctor`");
    die_errno("cannot mount the overlay of %zu layers", stack.count);
  }
  close_stack(&stack);
  return open_directory(target);
}

static const struct plan *opened;
static struct stack *stacks; /* for each of the plan's operations */

static struct stack open_stack(const struct operation *operation) {
  const char *scratch = operation->words[3], *slash = strrchr(scratch, '/');
  struct stack stack = stack_of(operation->words + 5, operation->count - 5);
  if (!slash) return stack;
  char above[4200];
  snprintf(above, sizeof above, "%.*s", (int)(slash - scratch), scratch);
  stack.above = open_directory(above);
  return stack;
}

void open_overlays(const struct plan *plan) {
  opened = plan;
  stacks = calloc(plan->count, sizeof *stacks);
  if (!stacks) die("out of memory");
  for (size_t i = 0; i < plan->count; i++)
    if (strcmp(plan->operations[i].words[0], "overlay") == 0) stacks[i] = open_stack(&plan->operations[i]);
}

/* Changes of the last time are gone. The merged directory gets its owner and mode from the upper one. */
static void make_scratch(struct stack *stack, const char *scratch) {
  const char *name = strrchr(scratch, '/') + 1;
  int above = stack->above;
  struct stat about;
  if (remove_tree(above, name) < 0 || mkdirat(above, name, 0700) < 0) die_errno("cannot make %s anew", scratch);
  int here = openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (here < 0 || mkdirat(here, "upper", 0755) < 0 || mkdirat(here, "work", 0700) < 0) die_errno("cannot make what is in %s", scratch);
  stack->upper = openat(here, "upper", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  stack->work = openat(here, "work", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (stack->upper < 0 || stack->work < 0 || fstat(stack->lowers[0], &about) < 0) die_errno("cannot open what is in %s", scratch);
  if (fchownat(stack->upper, "", about.st_uid, about.st_gid, AT_EMPTY_PATH) < 0 && errno != EPERM && errno != EINVAL)
    die_errno("cannot set the owner of %s", scratch);
  if (fchmodat(here, "upper", about.st_mode & 07777, 0) < 0) die_errno("cannot set the mode of %s", scratch);
  close(here);
}

/*
 * Only what is at `subpath` of it is attached. It is made on the host's /proc, which no container can reach: on its way to
 * the target again a link might have been swapped.
 */
static void mount_part(const struct stack *stack, const char *path, const char *subpath, int target, unsigned long flags) {
  if (mount_stack(stack, "/proc", flags) < 0) die_errno("cannot mount an overlay on %s", path);
  int merged = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int part = merged < 0 ? -1 : open_in_root(merged, subpath, O_PATH | O_DIRECTORY);
  if (part < 0) die_errno("cannot open the directory %s of what is to be mounted on %s", subpath, path);
  int tree = clone_tree(part, false, path);
  if (umount2("/proc", MNT_DETACH) < 0) die_errno("cannot take the overlay for %s from /proc", path);
  attach_tree(tree, target, path);
  close(tree);
  close(part);
  close(merged);
}

/* An overlay of one directory that takes no changes is refused by the kernel; a bind is the same. */
static void bind_lower(int lower, int target, const char *path, const char *subpath, uint64_t attributes) {
  int source = *subpath ? open_in_root(lower, subpath, O_PATH | O_DIRECTORY) : dup(lower);
  if (source < 0) die_errno("cannot open the directory %s of what is to be mounted on %s", subpath, path);
  int tree = clone_tree(source, false, path);
  set_attributes(tree, attributes | MOUNT_ATTR_RDONLY, 0, false, path);
  attach_tree(tree, target, path);
  close(tree);
  close(source);
}

void mount_overlay(int root, const struct operation *operation) {
  char **words = operation->words, *path = words[1], *scratch = words[3], *subpath = words[4];
  unsigned long flags;
  uint64_t attributes;
  mount_flags(words[2], &flags, &attributes);
  struct stack stack = stacks ? stacks[operation - opened->operations] : open_stack(operation);
  int target = make_mount_point(root, path, true);
  if (!*scratch && stack.count == 1) bind_lower(stack.lowers[0], target, path, subpath, attributes);
  else {
    if (*scratch) make_scratch(&stack, scratch);
    unsigned long own = flags & ~(propagation_flags | MS_REC);
    if (*subpath) mount_part(&stack, path, subpath, target, own);
    else if (mount_stack(&stack, fd_path(target), own) < 0) die_errno("cannot mount an overlay on %s", path);
  }
  close_stack(&stack);
  close(target);
}
