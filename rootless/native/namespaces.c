#define _GNU_SOURCE
#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"
#include "hub-client.h"
#include "identity.h"
#include "userns.h"

static const struct {
  const char *kind;
  int flag;
} early[] = {{"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"network", CLONE_NEWNET}};

static const struct operation *find_namespace(const struct plan *plan, const char *kind) {
  size_t from = 0;
  const struct operation *wanted;
  while ((wanted = plan_next(plan, "namespace", &from)))
    if (strcmp(wanted->words[1], kind) == 0) return wanted;
  return NULL;
}

static bool lists(const char *kinds, const char *kind) {
  size_t length = strlen(kind);
  for (const char *word = kinds; word; word = strchr(word, ',') ? strchr(word, ',') + 1 : NULL)
    if (strcspn(word, ",") == length && strncmp(word, kind, length) == 0) return true;
  return false;
}

static const struct operation *find_holder(const struct plan *plan, const char *kind) {
  size_t from = 0;
  const struct operation *wanted;
  while ((wanted = plan_next(plan, "namespace-of", &from)))
    if (lists(wanted->words[2], kind)) return wanted;
  return NULL;
}

static const char *path_to_join(const struct plan *plan, const char *kind) {
  const struct operation *wanted = find_namespace(plan, kind);
  return wanted && wanted->count > 2 ? wanted->words[2] : NULL;
}

bool wants_namespace(const struct plan *plan, const char *kind) {
  return find_namespace(plan, kind) && !path_to_join(plan, kind);
}

static void join_path(const char *kind, const char *path, int flag) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, flag) < 0) {
    if (errno == EPERM && flag != CLONE_NEWUSER) set_hint("a namespace can be joined with the user namespace that it belongs to: --userns ns:PATH");
    die_errno("cannot join the %s namespace %s", kind, path);
  }
  close(fd);
}

static int open_holder(const struct operation *holder, pid_t *pid) {
  int process = open_running(holder->words[1], pid);
  if (process < 0) die("cannot join the namespaces of container %s: it is not running", holder->words[3]);
  return process;
}

/* Opened while this process is the user: root of a map without the user's own id can't read what is the user's. */
static struct {
  const struct operation *of;
  int process;
} holders[8];

static void open_holders(const struct plan *plan) {
  size_t from = 0, count = 0;
  const struct operation *holder;
  pid_t pid;
  while ((holder = plan_next(plan, "namespace-of", &from))) {
    if (count == sizeof holders / sizeof *holders) bug("too many containers to join");
    holders[count].of = holder;
    holders[count++].process = open_holder(holder, &pid);
  }
}

static int process_of(const struct operation *holder) {
  size_t i = 0;
  while (holders[i].of != holder) i++;
  return holders[i].process;
}

/* False when the plan joins none of that kind. setns(2) takes a pidfd since Linux 5.8. */
static bool join(const struct plan *plan, const char *kind, int flag) {
  const struct operation *holder = find_holder(plan, kind);
  const char *path = path_to_join(plan, kind);
  if (path) join_path(kind, path, flag);
  if (!holder) return path;
  if (setns(process_of(holder), flag) < 0) die_errno("cannot join the %s namespace of container %s", kind, holder->words[3]);
  return true;
}

static bool joins(const struct plan *plan, const char *kind) { return find_holder(plan, kind) || path_to_join(plan, kind); }

bool joins_user_namespace(const struct plan *plan) { return joins(plan, "user"); }
bool maps_own_ids(const struct plan *plan) { return joins_user_namespace(plan) || plan_find(plan, "hub"); }
bool joins_pid_namespace(const struct plan *plan) { return joins(plan, "pid"); }
void join_pid_namespace(const struct plan *plan) { join(plan, "pid", CLONE_NEWPID); }

void make_user_namespace(const struct plan *plan) {
  open_holders(plan);
  if (join(plan, "user", CLONE_NEWUSER)) return;
  if (plan_find(plan, "hub")) return hub_make_user_namespace(plan);
  if (unshare(CLONE_NEWUSER) < 0) die_forbidden("cannot make a user namespace");
}

int open_namespace(pid_t holder, const char *kind) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/ns/%s", holder, kind);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) die_errno("cannot open %s", path);
  return fd;
}

int open_user_namespace(const struct plan *plan, pid_t stage) {
  const struct operation *holder = find_holder(plan, "user");
  const char *named = path_to_join(plan, "user");
  char path[40];
  int process = holder ? open_holder(holder, &stage) : -1;
  snprintf(path, sizeof path, "/proc/%d/ns/user", stage);
  int fd = open(named ? named : path, O_RDONLY | O_CLOEXEC);
  if (process < 0) return fd;
  /* It still lives: so what was opened is that process's, not one's that got its number. */
  bool same = syscall(SYS_pidfd_send_signal, process, 0, NULL, 0) == 0 || errno == EPERM;
  close(process);
  if (same || fd < 0) return fd;
  close(fd);
  return -1;
}

void make_mount_namespace(const struct plan *plan) {
  if (find_namespace(plan, "mount") && !join(plan, "mount", CLONE_NEWNS) && unshare(CLONE_NEWNS) < 0)
    die_forbidden("cannot make a mount namespace");
}

bool make_namespaces(const struct plan *plan) {
  int fresh = 0;
  for (size_t i = 0; i < sizeof early / sizeof *early; i++)
    if (!join(plan, early[i].kind, early[i].flag) && find_namespace(plan, early[i].kind)) fresh |= early[i].flag;
  if (fresh && unshare(fresh) < 0) die_errno("cannot make the namespaces");
  join(plan, "cgroup", CLONE_NEWCGROUP);
  return fresh & CLONE_NEWNET;
}

void make_cgroup_namespace(const struct plan *plan) {
  if (wants_namespace(plan, "cgroup") && unshare(CLONE_NEWCGROUP) < 0) die_errno("cannot make a cgroup namespace");
}

int own_mount_namespace(void) {
  int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  if (fd < 0) die_errno("cannot open /proc/self/ns/mnt");
  return fd;
}
