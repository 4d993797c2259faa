#define _GNU_SOURCE
#include "claim.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "die.h"
#include "identity.h"

enum { LOOK_EVERY_MS = 5 };

static int lock = -1;

void claim_inherited(int inherited) { lock = inherited; }

int claim_lock(void) { return lock; }

void claim_let_go(void) {
  if (lock >= 0) close(lock);
  lock = -1;
}

static bool is_there(int fd, const char *directory) {
  struct stat held, there;
  return fstat(fd, &held) == 0 && lstat(directory, &there) == 0 && held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

void claim_check(const struct plan *plan) {
  if (!is_there(lock, plan_word(plan, "container", 2))) die("no such container: it has been removed meanwhile");
}

/* -1 with errno: EWOULDBLOCK: it has a monitor, ENOENT: it is gone. */
static int claim_directory(const char *directory) {
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return -1;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    /* Who had it before may have moved it to the trash. */
    if (is_there(fd, directory)) return fd;
    errno = ENOENT;
  }
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

void remove_runtime(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) unlinkat(dirfd(directory), entry->d_name, 0);
  closedir(directory);
  rmdir(path);
}

static void runtime_link(const struct plan *plan, char path[4200]) {
  snprintf(path, 4200, "%s/runtime", plan_word(plan, "container", 2));
}

/* Whether the state that a monitor left names a process that is there. */
static bool runs(const struct plan *plan) {
  char link[4200], path[4300], text[256] = "";
  runtime_link(plan, link);
  snprintf(path, sizeof path, "%s/state", link);
  int fd = open(path, O_RDONLY | O_CLOEXEC), pid = 0, monitor = 0;
  unsigned long long start = 0, monitor_start = 0;
  if (fd < 0) return false;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0 || sscanf(text, "%d %llu %d %llu", &pid, &start, &monitor, &monitor_start) != 4) return false;
  /* Number 0: it has ended, and its monitor will start it anew. */
  if (pid == 0) return is_alive(monitor, monitor_start);
  return is_alive(pid, start);
}

static void make_runtime_files(const struct plan *plan) {
  const struct operation *wish;
  size_t from = 0;
  while ((wish = plan_next(plan, "runtime-file", &from))) {
    size_t length = strlen(wish->words[2]);
    int fd = open(wish->words[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, wish->words[2], length) != (ssize_t)length) die_errno("cannot write %s", wish->words[1]);
    close(fd);
  }
}

/* DIR/runtime: the directory of the session that started it last. */
static void make_link(const struct plan *plan, const char *runtime) {
  char link[4200], aside[4300], old[4200];
  runtime_link(plan, link);
  ssize_t length = readlink(link, old, sizeof old - 1);
  old[length > 0 ? length : 0] = 0;
  if (strcmp(old, runtime) == 0) return;
  if (*old) remove_runtime(old);
  snprintf(aside, sizeof aside, "%s/.runtime.%d", plan_word(plan, "container", 2), getpid());
  unlink(aside);
  if (symlink(runtime, aside) < 0 || rename(aside, link) < 0) die_errno("cannot make %s", link);
}

/* The plan of a start that isn't needed goes, if it hasn't gone when it was read. */
static bool give_up(const struct plan *plan) {
  if (plan->file) unlink(plan->file);
  return false;
}

bool claim_container(const struct plan *plan) {
  const char *directory = plan_word(plan, "container", 2), *runtime = plan_word(plan, "runtime", 1);
  if (!directory || !runtime) bug("no container or no runtime directory");
  while ((lock = claim_directory(directory)) < 0) {
    if (errno == ENOENT) die("no such container: it has been removed");
    if (errno != EWOULDBLOCK) die_errno("cannot lock %s", directory);
    if (runs(plan)) return give_up(plan);
    nanosleep(&(struct timespec){0, LOOK_EVERY_MS * 1000000L}, NULL); /* it is about to start, or to end */
  }
  if (runs(plan)) { /* though its monitor was killed */
    claim_let_go();
    return give_up(plan);
  }
  remove_runtime(runtime);
  if (mkdir(runtime, 0700) < 0 && errno != EEXIST) die_errno("cannot make %s", runtime);
  if (chdir(runtime) < 0) die_errno("cannot enter %s", runtime);
  make_link(plan, runtime);
  make_runtime_files(plan);
  if (plan->file && plan_find(plan, "restart") && rename(plan->file, "plan") < 0) die_errno("cannot keep the plan of the container");
  return true;
}
