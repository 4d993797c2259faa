#define _GNU_SOURCE
#include "target.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "die.h"
#include "identity.h"
#include "path.h"

static const struct {
  const char *name;
  int flag;
} kinds[] = {{"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"ipc", CLONE_NEWIPC},
             {"uts", CLONE_NEWUTS}, {"network", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP}};

/* The first two words of what record_start() wrote. */
static bool read_state(const char *path, pid_t *pid, unsigned long long *start) {
  FILE *file = fopen(path, "re");
  bool good = file && fscanf(file, "%d %llu", pid, start) == 2;
  if (file) fclose(file);
  return good;
}

static int open_target(const struct plan *plan, pid_t *pid) {
  const struct operation *target = plan_find(plan, "target");
  const char *state = plan_word(plan, "target-state", 1);
  unsigned long long start = 0;
  if (target) {
    *pid = (pid_t)number_of(target->words[1]);
    start = (unsigned long long)number_of(target->words[2]);
  } else if (!state) {
    bug("no target");
  } else if (!read_state(state, pid, &start)) {
    die("the container is not running");
  }
  int process = open_process(*pid, start);
  if (process < 0) die("the container is not running any more");
  return process;
}

/* setns(2) with a pidfd, Linux 5.8 */
void join_container(const struct plan *plan) {
  pid_t pid;
  const char *wanted = plan_word(plan, "join", 1);
  if (!wanted) bug("nothing to join");
  int process = open_target(plan, &pid);
  if (plan_find(plan, "cgroup-join-target")) cgroup_join_target(pid);
  else cgroup_join(plan);
  int flags = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (strstr(wanted, kinds[i].name)) flags |= kinds[i].flag;
  if (setns(process, flags) < 0) die_errno("cannot join the container's namespaces");
  close(process);
}

void enter_directory(const char *path) {
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = root < 0 ? -1 : open_in_root(root, path, O_PATH | O_DIRECTORY);
  if (fd < 0 || fchdir(fd) < 0) die_errno("cannot enter the working directory %s", path);
  close(fd);
  close(root);
}
