#define _GNU_SOURCE
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "die.h"
#include "fill.h"
#include "idmap.h"
#include "init.h"
#include "memory.h"
#include "message.h"
#include "mounts.h"
#include "namespaces.h"
#include "network.h"
#include "overlay.h"
#include "path.h"
#include "process.h"
#include "secrets.h"
#include "shared-tree.h"
#include "terminal.h"
#include "userns.h"

extern int umount2(const char *, int);
#define MNT_DETACH 2

static void raise_loopback(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0) die_errno("cannot raise the loopback interface");
  close(fd);
}

/* Without it each IPv6 address is unusable for 1-2 s after its interface is made: ip-sysctl.rst, accept_dad. Nobody
 * else is on a network of the container's own. Missing where the kernel has no IPv6. */
static void skip_duplicate_detection(void) {
  int fd = open("/proc/sys/net/ipv6/conf/default/accept_dad", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, "0", 1) < 0) warn("cannot set net.ipv6.conf.default.accept_dad");
  close(fd);
}

static void await(int socket, unsigned char type) {
  struct message message;
  if (!receive_message(socket, &message) || message.type != type) _exit(EXIT_TOOL);
}

/* sysctl(8)'s key `net.ipv4.ip_forward` is the file net/ipv4/ip_forward; a `/` stands for a dot within a name. */
static void write_sysctl(int root, const struct operation *operation) {
  char path[256] = "/proc/sys/";
  const char *value = operation->words[2];
  size_t length = strlen(path);
  for (const char *byte = operation->words[1]; *byte && length + 1 < sizeof path; byte++)
    path[length++] = *byte == '.' ? '/' : *byte == '/' ? '.' : *byte;
  path[length] = 0;
  int fd = open_in_root(root, path, O_WRONLY | O_NONBLOCK);
  struct statfs about;
  if (fd >= 0 && (fstatfs(fd, &about) < 0 || about.f_type != PROC_SUPER_MAGIC))
    die("cannot set the sysctl %s: what is at %s is not the kernel's", operation->words[1], path);
  if (fd < 0 || write(fd, value, strlen(value)) < 0) die_errno("cannot set the sysctl %s to %s", operation->words[1], value);
  close(fd);
}

static void make_symlink(int root, const struct operation *operation) {
  const char *name;
  int parent = open_parent_in_root(root, operation->words[2], &name);
  unlinkat(parent, name, 0);
  if (symlinkat(operation->words[1], parent, name) < 0) die_errno("cannot make the link %s", operation->words[2]);
  close(parent);
}

static void enter_directory(int root, const char *path) {
  int fd = open_in_root(root, path, O_PATH | O_DIRECTORY);
  if (fd < 0 && errno == ENOTDIR) die_with(EXIT_NOT_RUNNABLE, "cannot enter the working directory %s: %s", path, strerror(errno));
  if (fd < 0) fd = make_directory_in_root(root, path);
  if (fchdir(fd) < 0) die_errno("cannot enter the working directory %s", path);
  close(fd);
}

struct world {
  int root;            /* the container's root directory; "/" itself after the pivot */
  struct pty terminal; /* its descriptors are -1 when there is none */
};

static void build(const struct plan *plan, struct world *world, const struct operation *operation) {
  const char *name = operation->words[0];
  char **words = operation->words;
  if (strcmp(name, "mount") == 0) mount_filesystem(world->root, operation);
  else if (strcmp(name, "bind") == 0) mount_bind(world->root, operation);
  else if (strcmp(name, "idmap") == 0) mount_idmap(world->root, operation);
  else if (strcmp(name, "mount-filled") == 0) mount_filled(world->root, operation);
  else if (strcmp(name, "mount-memory") == 0) mount_memory(world->root, operation);
  else if (strcmp(name, "overlay") == 0) mount_overlay(world->root, operation);
  else if (strcmp(name, "volume-fill") == 0) fill_volume(world->root, operation);
  else if (strcmp(name, "bind-of") == 0) mount_shared_tree(world->root, operation);
  else if (strcmp(name, "secrets") == 0) place_secrets(world->root, words[1]);
  else if (strcmp(name, "symlink") == 0) make_symlink(world->root, operation);
  else if (strcmp(name, "sysctl") == 0) write_sysctl(world->root, operation);
  else if (strcmp(name, "masked") == 0) mask_path(words[1]);
  else if (strcmp(name, "readonly") == 0) make_readonly(words[1]);
  else if (strcmp(name, "root-readonly") == 0) make_root_readonly();
  else if (strcmp(name, "root-propagation") == 0) set_propagation("/", words[1]);
  else if (strcmp(name, "cwd") == 0) enter_directory(world->root, words[1]);
  else if (strcmp(name, "terminal") == 0) world->terminal = open_container_terminal(plan, operation);
  else if (strcmp(name, "hostname") == 0 && sethostname(words[1], strlen(words[1])) < 0) die_errno("cannot set the host name %s", words[1]);
  else if (strcmp(name, "domainname") == 0 && setdomainname(words[1], strlen(words[1])) < 0) die_errno("cannot set the domain name %s", words[1]);
  else if (strcmp(name, "pivot") == 0) {
    pivot_to(world->root);
    close(world->root);
    world->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (world->root < 0) die_errno("cannot open /");
  }
}

static void place_stdio(const struct world *world, const int fds[3]) {
  for (int i = 0; i < 3; i++)
    if (dup2(world->terminal.slave >= 0 ? world->terminal.slave : fds[i], i) < 0) die_errno("cannot place descriptor %d", i);
}

__attribute__((noreturn)) static void stage_two(const struct plan *plan, int socket, int root, const int fds[3]) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_DUMPABLE, 0);
  await(socket, MESSAGE_MAPPED); /* the monitor has put this process into its cgroup */
  make_cgroup_namespace(plan);
  if (plan_find(plan, "idle") || plan_find(plan, "init")) keep_init_program();
  if (!wants_namespace(plan, "pid")) send_message(socket, MESSAGE_NAMESPACES, NULL, 0, own_mount_namespace());
  struct world world = {root, {-1, -1}};
  umask(0);
  for (size_t i = 0; i < plan->count; i++) {
    const struct operation *operation = &plan->operations[i];
    if (strcmp(operation->words[0], "hint") == 0) {
      set_hint(operation->words[1]);
      continue;
    }
    build(plan, &world, operation);
    set_hint(NULL);
  }
  send_message(socket, MESSAGE_READY, NULL, 0, world.terminal.master);
  await(socket, MESSAGE_GO);
  place_stdio(&world, fds);
  become_command(plan);
}

/* fuse-overlayfs stays in this mount namespace, which must not be the container's: else each would keep the other. */
static void make_first_process(const struct plan *plan, int socket, int root, bool apart, const int fds[3]) {
  const char *target = plan_word(plan, "root-target", 1);
  unsigned long flags = CLONE_PARENT | SIGCHLD | (apart ? CLONE_NEWNS : 0) | (wants_namespace(plan, "pid") ? CLONE_NEWPID : 0);
  pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
  if (pid < 0) die_errno("cannot make the container's first process");
  if (pid == 0) {
    if (apart) {
      close(root);
      root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    stage_two(plan, socket, root, fds);
  }
  if (apart) {
    close(root);
    umount2(target, MNT_DETACH);
  }
  send_message(socket, MESSAGE_PID, &pid, sizeof pid, -1);
}

/*
 * Whoever is in the pid namespace sees the process that comes into it, which has the host's files until it has pivoted:
 * it must never be dumpable, ptrace(2). So a process between takes that back first, while this one may still be looked at.
 */
static void make_first_process_among_others(const struct plan *plan, int socket, int root, bool apart, const int fds[3]) {
  pid_t between = (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
  if (between < 0) die_errno("fork");
  if (between > 0) {
    close(root);
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_DUMPABLE, 0);
  join_pid_namespace(plan);
  make_first_process(plan, socket, root, apart, fds);
  _exit(0);
}

/*
 * The monitor writes this process's id maps, and a network helper opens its namespaces: both need it to be dumpable,
 * proc_pid(5). In a user namespace of its own no container is there yet that could look.
 */
static void let_look(const struct plan *plan) {
  prctl(PR_SET_DUMPABLE, !joins_user_namespace(plan) || network_helper(plan));
}

void stage_one(const struct plan *plan, int socket, const int fds[3]) {
  report_to(socket);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  let_look(plan);
  make_user_namespace(plan);
  send_message(socket, MESSAGE_NAMESPACES, NULL, 0, -1);
  await(socket, MESSAGE_MAPPED);
  make_mount_namespace(plan);
  take_shared_trees(plan);
  /* fuse-overlayfs keeps this mount namespace for itself; it isn't used with maps that need this. */
  if (!plan_find(plan, "root-fuse")) {
    open_sources(plan);
    open_overlays(plan);
  }
  open_volumes(plan);
  open_secrets(plan);
  read_secret_variables(plan);
  become_namespace_root(plan);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  let_look(plan); /* the change of user has taken it back */
  if (make_namespaces(plan)) {
    raise_loopback();
    skip_duplicate_detection();
  }
  send_message(socket, MESSAGE_NAMESPACES, NULL, 0, -1);
  set_propagation("/", "rec,slave");
  start_idmaps(plan);
  bool apart;
  int root = mount_root(plan, &apart);
  (joins_pid_namespace(plan) ? make_first_process_among_others : make_first_process)(plan, socket, root, apart, fds);
  for (;;) pause(); /* until the monitor ends this process: a network helper may still look at its namespaces */
}
