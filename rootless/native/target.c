#define _GNU_SOURCE
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
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

static int open_target(const struct plan *plan, pid_t *pid) {
  const struct operation *target = plan_find(plan, "target");
  const char *state = plan_word(plan, "target-state", 1);
  if (!target && !state) bug("no target");
  if (target) *pid = (pid_t)number_of(target->words[1]);
  int process = target ? open_process(*pid, (unsigned long long)number_of(target->words[2])) : open_running(state, pid);
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
  prctl(PR_SET_DUMPABLE, 0); /* joining has set it to what sysctl fs.suid_dumpable says */
  close(process);
}

void enter_directory(const char *path) {
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = root < 0 ? -1 : open_in_root(root, path, O_PATH | O_DIRECTORY);
  if (fd < 0 || fchdir(fd) < 0)
    die_with(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE, "cannot enter the working directory %s: %s", path, strerror(errno));
  close(fd);
  close(root);
}
