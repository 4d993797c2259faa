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
static char origin[1024], evacuated[1200]; /* where this process was before; where the others of that group went */
static int enter_error;
static bool made_base;

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

/* The group that a process is in: its number, or self. */
static void group_of(const char *process, char *path, size_t size) {
  char name[64];
  snprintf(name, sizeof name, "/proc/%s/cgroup", process);
  FILE *file = fopen(name, "re");
  char line[900];
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "0::", 3) == 0) snprintf(path, size, "%s%s", mount_point(), line + 3);
  }
  if (file) fclose(file);
}

static void set_base(const char *word, bool again) {
  if (strcmp(word, "self") != 0) {
    snprintf(base, sizeof base, "%s", word);
    return;
  }
  group_of("self", base, sizeof base);
  if (!*base) die("cannot find this process's cgroup (v2) in /proc/self/cgroup");
  /* A monitor that has executed itself anew is in its leaf already. */
  static const char leaf[] = "/monitor";
  size_t length = strlen(base);
  if (again && length > sizeof leaf && strcmp(base + length + 1 - sizeof leaf, leaf) == 0) base[length + 1 - sizeof leaf] = 0;
}

/* One process after the other; those that come meanwhile are taken by the next round. */
static void evacuate(const struct operation *operation) {
  char leaf[1200], list[1200], line[32];
  snprintf(leaf, sizeof leaf, "%s/%s", operation->words[1], operation->words[2]);
  if (mkdir(leaf, 0755) < 0 && errno != EEXIST) die_errno("cannot make the cgroup %s", leaf);
  snprintf(list, sizeof list, "%s/cgroup.procs", operation->words[1]);
  snprintf(evacuated, sizeof evacuated, "%s", leaf);
  for (int round = 0, moved = 1; moved && round < 16; round++) {
    FILE *file = fopen(list, "re");
    moved = 0;
    while (file && fgets(line, sizeof line, file)) {
      line[strcspn(line, "\n")] = 0;
      if (write_to(leaf, "cgroup.procs", line)) moved = 1;
      else if (errno != ESRCH) die_errno("cannot move process %s into the cgroup %s", line, leaf);
    }
    if (file) fclose(file);
  }
}

static bool move_to_leaf(void) {
  char leaf[1100], self[24];
  snprintf(leaf, sizeof leaf, "%s/monitor", base);
  snprintf(self, sizeof self, "%d", getpid());
  return (mkdir(leaf, 0755) == 0 || errno == EEXIST) && write_to(leaf, "cgroup.procs", self);
}

/* A directory of its own gets only the controllers that its parent hands down. */
static void enable(const char *controller) {
  char parent[1024];
  snprintf(parent, sizeof parent, "%s", base);
  char *slash = strrchr(parent, '/');
  if (made_base && slash) {
    *slash = 0;
    write_to(parent, "cgroup.subtree_control", controller);
  }
  write_to(base, "cgroup.subtree_control", controller);
}

/* FILE VALUE [FILE VALUE]...: the first file that is there; its refusal is an error. */
static void apply_setting(const struct operation *setting, bool required) {
  for (size_t i = 1; i + 1 < setting->count; i += 2) {
    char path[2400];
    snprintf(path, sizeof path, "%s/%s", container, setting->words[i]);
    if (access(path, F_OK) < 0) continue;
    if (!write_to(container, setting->words[i], setting->words[i + 1]))
      die_errno("cannot set the limit %s to %s", setting->words[i], setting->words[i + 1]);
    return;
  }
  if (required) die("cannot set the limit %s: the cgroup %s has no such file", setting->words[1], container);
}

static bool is_required(const struct operation *wish) {
  return wish->count < 3 || strcmp(wish->words[2], "required") == 0;
}

void cgroup_enter(const struct plan *plan, bool again) {
  const struct operation *wish = plan_find(plan, "cgroup-base"), *others = plan_find(plan, "cgroup-evacuate");
  if (!wish || !plan_find(plan, "cgroup-container")) return;
  if (others) evacuate(others);
  set_base(wish->words[1], again);
  group_of("self", origin, sizeof origin);
  if (mkdir(base, 0755) == 0) made_base = true;
  else if (errno != EEXIST) enter_error = errno;
  if (!enter_error && !move_to_leaf()) enter_error = errno;
}

static bool make_groups(const struct plan *plan) {
  const struct operation *controllers = plan_find(plan, "cgroup-controllers");
  errno = enter_error;
  if (enter_error) return false;
  for (size_t i = 1; controllers && i < controllers->count; i++) enable(controllers->words[i]);
  snprintf(container, sizeof container, "%s/%s", base, plan_word(plan, "cgroup-container", 1));
  return mkdir(container, 0755) == 0 || errno == EEXIST;
}

/* RUNTIME/cgroup: whoever finds the monitor killed ends what is in there. */
static void note_group(void) {
  int fd = open("cgroup", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0 || dprintf(fd, "%s\n", container) < 0) die_errno("cannot write the runtime directory");
  close(fd);
}

void cgroup_make(const struct plan *plan) {
  const struct operation *wish = plan_find(plan, "cgroup-base"), *setting;
  size_t from = 0;
  if (!wish || !plan_find(plan, "cgroup-container")) return;
  if (!make_groups(plan)) {
    if (is_required(wish)) die_errno("cannot make a cgroup below %s", base);
    *container = 0;
    return;
  }
  note_group();
  while ((setting = plan_next(plan, "cgroup-set", &from))) apply_setting(setting, true);
  from = 0;
  while ((setting = plan_next(plan, "cgroup-try", &from))) apply_setting(setting, false);
}

void cgroup_place(pid_t pid) {
  if (!*container) return;
  char text[24];
  snprintf(text, sizeof text, "%d", pid);
  if (!write_to(container, "cgroup.procs", text)) die_errno("cannot put the container into the cgroup %s", container);
}

void cgroup_kill(void) {
  if (*container) write_to(container, "cgroup.kill", "1");
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
  if (!made_base) return; /* systemd removes its scope */
  char leaf[1100], self[24];
  snprintf(leaf, sizeof leaf, "%s/monitor", base);
  snprintf(self, sizeof self, "%d", getpid());
  /* The monitor itself is the last in it: it goes back to where it came from, or to what that was emptied into. */
  if (!write_to(origin, "cgroup.procs", self) && *evacuated) write_to(evacuated, "cgroup.procs", self);
  rmdir(leaf);
  rmdir(base);
}

static void join(const char *path) {
  char self[24];
  snprintf(self, sizeof self, "%d", getpid());
  if (!write_to(path, "cgroup.procs", self)) die_errno("cannot move into the container's cgroup %s", path);
}

void cgroup_join(const struct plan *plan) {
  const char *path = plan_word(plan, "cgroup-join", 1);
  if (path) join(path);
}

void cgroup_join_target(pid_t pid) {
  static const char own[] = "/container"; /* cgroup-container's name */
  char number[24], path[1100] = "";
  snprintf(number, sizeof number, "%d", pid);
  group_of(number, path, sizeof path);
  size_t length = strlen(path);
  if (length > sizeof own && strcmp(path + length - (sizeof own - 1), own) == 0) join(path);
}
