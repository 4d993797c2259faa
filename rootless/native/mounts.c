#define _GNU_SOURCE
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "die.h"
#include "mount-tree.h"
#include "overlay.h"
#include "path.h"
#include "spawn.h"

/* musl's <sys/mount.h> and the kernel's <linux/mount.h> can't be included together. */
extern int mount(const char *, const char *, const char *, unsigned long, const void *);
extern int umount2(const char *, int);
#define MNT_DETACH 2

/* What is masked and read-only below them goes by these names: with links in between, a volume could take their place. */
static void refuse_link(int root, const char *what, const char *path) {
  if ((strcmp(path, "/proc") == 0 || strcmp(path, "/sys") == 0) && leads_through_link(root, path))
    die("cannot mount %s on %s: the image has a symbolic link there", what, path);
}

void mount_filesystem(int root, const struct operation *operation) {
  char **words = operation->words;
  unsigned long flags;
  uint64_t attributes;
  mount_flags(words[4], &flags, &attributes);
  refuse_link(root, words[1], words[3]);
  int target = make_mount_point(root, words[3], true);
  if (mount(words[2], fd_path(target), words[1], flags & ~propagation_flags, *words[5] ? words[5] : NULL) < 0)
    die_errno("cannot mount %s on %s", words[1], words[3]);
  close(target);
}

int copy_mount(int fd, const char *path) { return clone_tree(fd, false, path); }

void mount_copy(int root, int tree, const char *path, const char *words) {
  unsigned long flags;
  uint64_t attributes;
  mount_flags(words, &flags, &attributes);
  set_attributes(tree, attributes, flags & propagation_flags, flags & MS_REC, path);
  int target = make_mount_point(root, path, true);
  attach_tree(tree, target, path);
  close(target);
  close(tree);
}

int without_mounts(int root, const char *path) {
  int tree = (int)syscall(SYS_open_tree, root, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  if (tree < 0) die_errno("cannot look below what is mounted in %s", path);
  close(root);
  return tree;
}

static const struct plan *opened;
static int *sources, opened_target = -1; /* a descriptor each of the plan's operations, -1: none */

void open_sources(const struct plan *plan) {
  opened = plan;
  sources = calloc(plan->count, sizeof *sources);
  if (!sources) die("out of memory");
  for (size_t i = 0; i < plan->count; i++) {
    const char *name = plan->operations[i].words[0];
    bool bind = strcmp(name, "bind") == 0 || strcmp(name, "idmap") == 0 || strcmp(name, "root-bind") == 0;
    sources[i] = bind ? open(plan->operations[i].words[1], O_PATH | O_CLOEXEC) : -1;
    if (strcmp(name, "root-target") == 0) opened_target = open(plan->operations[i].words[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
}

static int source_of(const struct operation *operation) {
  int source = sources ? sources[operation - opened->operations] : -1;
  return source >= 0 ? source : open(operation->words[1], O_PATH | O_CLOEXEC);
}

/* What is mounted of a source: it, or what is below it, whatever links are there. */
static int below(int source, const struct operation *operation) {
  const char *subpath = operation->count > 4 ? operation->words[4] : "";
  if (!*subpath) return source;
  int found = open_in_root(source, subpath, O_PATH);
  if (found < 0) die_errno("cannot open %s in %s", subpath, operation->words[1]);
  close(source);
  return found;
}

int bound_tree(const struct operation *operation) {
  char **words = operation->words;
  unsigned long flags;
  uint64_t attributes;
  mount_flags(words[3], &flags, &attributes);
  int source = source_of(operation);
  if (source < 0) die_errno("cannot bind %s", words[1]);
  source = below(source, operation);
  int tree = clone_tree(source, flags & MS_REC, words[1]);
  set_attributes(tree, attributes, flags & propagation_flags, flags & MS_REC, words[1]);
  close(source);
  return tree;
}

void mount_bind(int root, const struct operation *operation) {
  const char *path = operation->words[2];
  refuse_link(root, operation->words[1], path);
  int tree = bound_tree(operation);
  struct stat about;
  if (fstat(tree, &about) < 0) die_errno("cannot bind %s", operation->words[1]);
  int target = make_mount_point(root, path, S_ISDIR(about.st_mode));
  attach_tree(tree, target, path);
  close(target);
  close(tree);
}

void mount_bind_file(int root, int source, const char *path) {
  int tree = clone_tree(source, false, path);
  int target = make_mount_point(root, path, false);
  attach_tree(tree, target, path);
  close(target);
  close(tree);
}

/* /dev may be a volume: whatever it has there must not be put over a masked file in place of the null device. */
static int open_null(const char *path) {
  int null = open("/dev/null", O_PATH | O_CLOEXEC);
  struct stat about;
  if (null < 0 || fstat(null, &about) < 0) die_errno("cannot mask %s: /dev/null", path);
  if (!S_ISCHR(about.st_mode) || about.st_rdev != makedev(1, 3)) die("cannot mask %s: /dev/null is not the null device", path);
  return null;
}

void mask_path(const char *path) {
  int target = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
  struct stat about;
  if (target < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES)) return;
  if (target < 0 || fstat(target, &about) < 0) die_errno("cannot mask %s", path);
  if (S_ISDIR(about.st_mode)) {
    /* Not by the name in /proc/self/fd: /proc may be a volume. */
    int tree = new_tree("tmpfs", "size=0k,nr_inodes=1", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, path);
    attach_tree(tree, target, path);
    close(tree);
  } else if (S_ISLNK(about.st_mode)) {
    die("cannot mask %s: it is a symbolic link", path);
  } else {
    int null = open_null(path);
    int tree = clone_tree(null, false, "/dev/null");
    attach_tree(tree, target, path);
    close(tree);
    close(null);
  }
  close(target);
}

void make_readonly(const char *path) {
  int target = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
  if (target < 0 && (errno == ENOENT || errno == ENOTDIR)) return;
  if (target < 0) die_errno("cannot make %s read-only", path);
  int tree = clone_tree(target, true, path);
  set_attributes(tree, MOUNT_ATTR_RDONLY, 0, true, path);
  attach_tree(tree, target, path);
  close(tree);
  close(target);
}

void make_root_readonly(void) {
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) die_errno("cannot open /");
  set_attributes(root, MOUNT_ATTR_RDONLY, 0, false, "/");
  close(root);
}

void set_propagation(const char *path, const char *words) {
  unsigned long flags;
  uint64_t attributes;
  mount_flags(words, &flags, &attributes);
  if (mount(NULL, path, NULL, flags, NULL) < 0) die_errno("cannot set the propagation of %s", path);
}

/* pivot_root(2): the old root ends up mounted over the new one and is taken away with all that hangs on it. */
void pivot_to(int root) {
  if (fchdir(root) < 0) die_errno("cannot enter the container's root");
  if (syscall(SYS_pivot_root, ".", ".") < 0) die_errno("pivot_root");
  if (umount2(".", MNT_DETACH) < 0) die_errno("cannot leave the host's file tree");
  if (chdir("/") < 0) die_errno("chdir /");
}

static int open_target(const char *target) {
  int fd = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) die_errno("cannot open the container's root %s", target);
  return fd;
}

int mount_root_fuse(const struct operation *operation, const char *target) {
  char **argv = calloc(operation->count, sizeof *argv);
  if (!argv) die("out of memory");
  for (size_t i = 1; i < operation->count; i++)
    argv[i - 1] = strcmp(operation->words[i], "@target@") == 0 ? (char *)target : operation->words[i];
  int said = catcher();
  struct spawn what = {argv, {-1, -1, said, -1, -1}};
  if (wait_for(spawn(&what)) != 0) {
    char text[512];
    caught(said, text, sizeof text);
    set_hint("run `tsc-pod doctor`: it checks fuse-overlayfs and /dev/fuse");
    die("cannot mount the container's root: %s: %s", argv[0], text);
  }
  close(said);
  free(argv);
  return open_target(target);
}

int mount_root_bind(const struct operation *operation, const char *target) {
  int source = source_of(operation), onto = opened_target >= 0 ? opened_target : open_target(target);
  if (source < 0) die_errno("cannot bind %s as the container's root", operation->words[1]);
  int tree = clone_tree(source, true, operation->words[1]);
  attach_tree(tree, onto, target);
  close(source);
  close(onto);
  return tree;
}

int mount_root(const struct plan *plan, bool *apart) {
  const char *target = plan_word(plan, "root-target", 1);
  const struct operation *root;
  if (!target) bug("no root-target");
  *apart = false;
  if ((root = plan_find(plan, "root-overlay"))) return mount_root_overlay(root, target);
  if ((root = plan_find(plan, "root-bind"))) return mount_root_bind(root, target);
  if (!(root = plan_find(plan, "root-fuse"))) bug("no root file system");
  *apart = true;
  return mount_root_fuse(root, target);
}
