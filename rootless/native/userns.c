#define _GNU_SOURCE
#include "userns.h"

#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "spawn.h"

#define RANGES_MAX 340 /* the kernel's own limit, user_namespaces(7) */

struct helper {
  pid_t pid;
  int said;
};

static struct helper start_map_helper(const struct plan *plan, const char *tool, const char *map, pid_t child) {
  static char child_text[24];
  snprintf(child_text, sizeof child_text, "%d", child);
  char *argv[3 * RANGES_MAX + 3] = {(char *)tool, child_text};
  size_t count = 2, from = 0;
  const struct operation *range;
  while ((range = plan_next(plan, map, &from))) {
    if (count + 4 > sizeof argv / sizeof *argv) bug("more than %d id ranges", RANGES_MAX);
    for (size_t i = 1; i <= 3; i++) argv[count++] = range->words[i];
  }
  argv[count] = NULL;
  int said = catcher();
  struct spawn what = {argv, {-1, said, said, -1, -1}};
  return (struct helper){spawn(&what), said};
}

static void end_map_helper(struct helper helper, const char *tool) {
  int code = wait_for(helper.pid);
  if (code != 0) {
    char text[512];
    caught(helper.said, text, sizeof text);
    set_hint("run `tsc-pod doctor`: it checks newuidmap, newgidmap and the ranges in /etc/subuid and /etc/subgid");
    die("cannot map ids: %s failed: %s", tool, text);
  }
  close(helper.said);
}

static void write_proc(pid_t child, const char *file, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", child, file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) die_errno("cannot write %s", path);
  close(fd);
}

static void write_map(const struct plan *plan, const char *map, pid_t child, const char *file) {
  char text[4096];
  size_t length = 0, from = 0;
  const struct operation *range;
  while ((range = plan_next(plan, map, &from))) {
    int more = snprintf(text + length, sizeof text - length, "%s %s %s\n", range->words[1], range->words[2], range->words[3]);
    if (more < 0 || (size_t)more >= sizeof text - length) bug("too many id ranges");
    length += (size_t)more;
  }
  write_proc(child, file, text);
}

void write_id_maps(const struct plan *plan, pid_t child) {
  const char *newuidmap = plan_word(plan, "newuidmap", 1), *newgidmap = plan_word(plan, "newgidmap", 1);
  const char *setgroups = plan_word(plan, "setgroups", 1);
  if (setgroups) write_proc(child, "setgroups", setgroups);
  struct helper users = {0}, groups = {0};
  if (newuidmap) users = start_map_helper(plan, newuidmap, "uidmap", child);
  else write_map(plan, "uidmap", child, "uid_map");
  if (newgidmap) groups = start_map_helper(plan, newgidmap, "gidmap", child);
  else write_map(plan, "gidmap", child, "gid_map");
  if (newuidmap) end_map_helper(users, newuidmap);
  if (newgidmap) end_map_helper(groups, newgidmap);
}

void die_forbidden(const char *what) {
  set_hint("run `tsc-pod doctor`: it tells what forbids user namespaces here");
  die_errno("%s", what);
}

void become_namespace_root(const struct plan *plan) {
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) die_forbidden("cannot become root of the user namespace");
  if (!plan_find(plan, "setgroups") && !plan_find(plan, "keep-groups") && setgroups(0, NULL) < 0)
    die_forbidden("cannot become root of the user namespace");
}
