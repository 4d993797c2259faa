#define _GNU_SOURCE
#include "enter-root.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"
#include "idmap.h"
#include "mounts.h"
#include "spawn.h"

extern int umount2(const char *, int);
#define MNT_DETACH 2

static pid_t inner;
static void forward(int number) { kill(inner, number); }

/* What serves the root from this mount namespace must not be in the one where it is used, or each would keep the other. */
static int go_apart(const struct plan *plan, int root) {
  const char *target = plan_word(plan, "root-target", 1);
  close(root);
  inner = (pid_t)syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);
  if (inner < 0) die_errno("cannot make a mount namespace");
  if (inner > 0) {
    signal(SIGTERM, forward);
    signal(SIGINT, forward);
    close(STDIN_FILENO);
    umount2(target, MNT_DETACH);
    _exit(wait_for(inner));
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  root = open(target, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) die_errno("cannot open the container's root");
  return root;
}

void enter_mounted_root(const struct plan *plan) {
  bool apart;
  set_propagation("/", "rec,slave");
  start_idmaps(plan);
  int root = mount_root(plan, &apart);
  if (apart) root = go_apart(plan, root);
  mode_t callers = umask(0); /* mount points that are made stay in the container's root */
  for (size_t i = 0; i < plan->count; i++) {
    const struct operation *operation = &plan->operations[i];
    if (strcmp(operation->words[0], "bind") == 0) mount_bind(root, operation);
    else if (strcmp(operation->words[0], "idmap") == 0) mount_idmap(root, operation);
  }
  umask(callers);
  pivot_to(root);
  close(root);
  if (plan_find(plan, "root-readonly")) make_root_readonly();
}
