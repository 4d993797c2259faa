#define _GNU_SOURCE
#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"
#include "id-table.h"
#include "mount-tree.h"
#include "mounts.h"
#include "passthrough.h"
#include "path.h"

static const struct plan *started;
static int *trees; /* a descriptor each of the plan's operations, -1: none */

/* Nothing of the launcher stays open in it but the device and the files, and nobody in the container may look into it. */
static void become_server(int device, int tree, const struct operation *operation) {
  static struct id_table uids, gids;
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NAME, "idmap");
  setsid();
  parse_id_table(operation->words[5], &uids);
  parse_id_table(operation->words[6], &gids);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  int from[] = {null, null, null, device, tree};
  for (int i = 0; i < 5; i++) from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 10);
  for (int i = 0; i < 5; i++)
    if (dup2(from[i], i) < 0) _exit(1);
  syscall(SYS_close_range, 5u, ~0u, 0u);
  /* Files that the container knows are open descriptors. */
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGXFSZ, SIG_IGN);
  serve_tree(3, 4, &uids, &gids);
}

/*
 * A mount namespace of its own, made at once: in the container's, or a copy that has the mount, server and mount would
 * keep each other.
 */
static void start_server(int device, int tree, const struct operation *operation) {
  pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);
  if (pid < 0) die_errno("cannot serve %s with other owners", operation->words[1]);
  if (pid == 0) become_server(device, tree, operation);
}

static int start_idmap(const struct operation *operation) {
  const char *source = operation->words[1];
  unsigned long flags;
  uint64_t attributes;
  mount_flags(operation->words[3], &flags, &attributes);
  struct stat about;
  int tree = bound_tree(operation);
  if (fstat(tree, &about) < 0) die_errno("cannot bind %s", source);
  if (!S_ISDIR(about.st_mode) && !S_ISREG(about.st_mode)) die("cannot show %s with other owners: it is neither a file nor a directory", source);
  set_hint("sudo modprobe fuse; sudo chmod 0666 /dev/fuse");
  int device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (device < 0) die_errno("cannot show %s with other owners: /dev/fuse", source);
  set_hint(NULL);
  char options[128];
  snprintf(options, sizeof options, "fd=%d,rootmode=%o,user_id=0,group_id=0,default_permissions,allow_other,subtype=idmap", device,
           about.st_mode & S_IFMT);
  int mounted = new_tree("fuse", options, attributes, operation->words[2]);
  set_attributes(mounted, 0, flags & propagation_flags, false, operation->words[2]);
  start_server(device, tree, operation);
  close(device);
  close(tree);
  return mounted;
}

void start_idmaps(const struct plan *plan) {
  if (!plan_find(plan, "idmap")) return;
  started = plan;
  trees = calloc(plan->count, sizeof *trees);
  if (!trees) die("out of memory");
  for (size_t i = 0; i < plan->count; i++)
    trees[i] = strcmp(plan->operations[i].words[0], "idmap") == 0 ? start_idmap(&plan->operations[i]) : -1;
}

void mount_idmap(int root, const struct operation *operation) {
  const char *path = operation->words[2];
  int tree = trees[operation - started->operations];
  struct stat about;
  if (fstat(tree, &about) < 0) die_errno("cannot mount on %s", path);
  int target = make_mount_point(root, path, S_ISDIR(about.st_mode));
  attach_tree(tree, target, path);
  close(target);
  close(tree);
}
