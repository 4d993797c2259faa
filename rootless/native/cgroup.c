#define _GNU_SOURCE
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"

static char base[1024], container[2200];

static const char *mount_point(void) {
  return access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
}

static bool write_to(const char *directory, const char *file, const char *value) {
  char path[2600];
  snprintf(path, sizeof path, "%s/%s", directory, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool good = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  return good;
}

static void set_base(const char *word) {
  if (strcmp(word, "self") != 0) {
    snprintf(base, sizeof base, "%s", word);
    return;
  }
  FILE *file = fopen("/proc/self/cgroup", "re");
  char line[900];
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "0::", 3) == 0) snprintf(base, sizeof base, "%s%s", mount_point(), line + 3);
  }
  if (file) fclose(file);
  if (!*base) die("cannot find this process's cgroup (v2) in /proc/self/cgroup");
}

static void move_to_leaf(void) {
  char leaf[1100], self[24];
  snprintf(leaf, sizeof leaf, "%s/monitor", base);
  snprintf(self, sizeof self, "%d", getpid());
  if (mkdir(leaf, 0755) < 0 && errno != EEXIST) die_errno("cannot make the cgroup %s", leaf);
  if (!write_to(leaf, "cgroup.procs", self)) die_errno("cannot move into the cgroup %s", leaf);
}

void cgroup_make(const struct plan *plan) {
  const char *word = plan_word(plan, "cgroup-base", 1), *name = plan_word(plan, "cgroup-container", 1);
  const struct operation *controllers = plan_find(plan, "cgroup-controllers"), *setting;
  if (!word || !name) return;
  set_base(word);
  if (mkdir(base, 0755) < 0 && errno != EEXIST) die_errno("cannot make the cgroup %s", base);
  move_to_leaf();
  for (size_t i = 1; controllers && i < controllers->count; i++)
    if (!write_to(base, "cgroup.subtree_control", controllers->words[i]))
      die_errno("cannot enable the controller %s in the cgroup %s", controllers->words[i], base);
  snprintf(container, sizeof container, "%s/%s", base, name);
  if (mkdir(container, 0755) < 0 && errno != EEXIST) die_errno("cannot make the cgroup %s", container);
  size_t from = 0;
  while ((setting = plan_next(plan, "cgroup-set", &from)))
    if (!write_to(container, setting->words[1], setting->words[2]))
      die_errno("cannot set the limit %s to %s", setting->words[1], setting->words[2]);
}

void cgroup_place(pid_t pid) {
  if (!*container) return;
  char text[24];
  snprintf(text, sizeof text, "%d", pid);
  if (!write_to(container, "cgroup.procs", text)) die_errno("cannot put the container into the cgroup %s", container);
}

bool cgroup_saw_oom(void) {
  if (!*container) return false;
  char path[2300], line[128];
  snprintf(path, sizeof path, "%s/memory.events", container);
  FILE *file = fopen(path, "re");
  long long killed = 0;
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "oom_kill %lld", &killed) == 1) break;
  if (file) fclose(file);
  return killed > 0;
}

void cgroup_remove(void) {
  if (!*container) return;
  rmdir(container);
  char leaf[1100];
  snprintf(leaf, sizeof leaf, "%s/monitor", base);
  rmdir(leaf);
  rmdir(base);
}

void cgroup_join(const struct plan *plan) {
  const char *path = plan_word(plan, "cgroup-join", 1);
  char self[24];
  snprintf(self, sizeof self, "%d", getpid());
  if (path && !write_to(path, "cgroup.procs", self)) die_errno("cannot move into the container's cgroup %s", path);
}
