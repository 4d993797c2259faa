#define _GNU_SOURCE
#include "namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "die.h"

static const struct {
  const char *kind;
  int flag;
} kinds[] = {{"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"network", CLONE_NEWNET}};

static const struct operation *find_namespace(const struct plan *plan, const char *kind) {
  size_t from = 0;
  const struct operation *wanted;
  while ((wanted = plan_next(plan, "namespace", &from)))
    if (strcmp(wanted->words[1], kind) == 0) return wanted;
  return NULL;
}

bool wants_namespace(const struct plan *plan, const char *kind) { return find_namespace(plan, kind) != NULL; }

static void join(const char *kind, const char *path, int flag) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, flag) < 0) die_errno("cannot join the %s namespace %s", kind, path);
  close(fd);
}

void make_user_namespace(const struct plan *plan) {
  const struct operation *user = find_namespace(plan, "user");
  if (user && user->count > 2) {
    join("user", user->words[2], CLONE_NEWUSER);
    return;
  }
  if (unshare(CLONE_NEWUSER) < 0) {
    set_hint("run `tsc-pod doctor`: it tells what forbids user namespaces here");
    die_errno("cannot make a user namespace");
  }
}

void make_mount_namespace(const struct plan *plan) {
  const struct operation *wanted = find_namespace(plan, "mount");
  if (wanted && wanted->count > 2) join("mount", wanted->words[2], CLONE_NEWNS);
  else if (wanted && unshare(CLONE_NEWNS) < 0) die_errno("cannot make a mount namespace");
}

bool make_namespaces(const struct plan *plan) {
  int fresh = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    const struct operation *wanted = find_namespace(plan, kinds[i].kind);
    if (wanted && wanted->count > 2) join(kinds[i].kind, wanted->words[2], kinds[i].flag);
    else if (wanted) fresh |= kinds[i].flag;
  }
  if (fresh && unshare(fresh) < 0) die_errno("cannot make the namespaces");
  return fresh & CLONE_NEWNET;
}
