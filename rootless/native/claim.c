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

enum { LOOK_EVERY_MS = 5, COPY_LOOKS = 2000 / LOOK_EVERY_MS };

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

/* The numbers that a file of the last runtime directory begins with: how many there are, -1 in an empty one. */
static int read_runtime(const struct plan *plan, const char *name, unsigned long long numbers[4]) {
  char link[4200], path[4300];
  runtime_link(plan, link);
  snprintf(path, sizeof path, "%s/%s", link, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  char text[256] = "";
  if (fd < 0) return 0;
  if (read(fd, text, sizeof text - 1) < 0) *text = 0;
  close(fd);
  return sscanf(text, "%llu %llu %llu %llu", &numbers[0], &numbers[1], &numbers[2], &numbers[3]);
}

/* Whether the state that a monitor left names a process that is there; number 0: its monitor will start it anew. */
static bool runs(const struct plan *plan) {
  unsigned long long of[4];
  if (read_runtime(plan, "state", of) < 4) return false;
  return of[0] ? is_alive((pid_t)of[0], of[1]) : is_alive((pid_t)of[2], of[3]);
}

/* Whether it is about to start, or to end: who has the lock then is no copier. */
static bool is_changing(const struct plan *plan) {
  unsigned long long of[4];
  if (read_runtime(plan, "state", of) == 4 && is_alive((pid_t)of[2], of[3])) return true;
  return read_runtime(plan, "starter", of) >= 2 && is_alive((pid_t)of[0], of[1]);
}

/* Its process waits for the monitor's word, or is the monitor. */
static void write_starter(void) {
  int fd = open("starter", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || dprintf(fd, "%d %llu\n", getpid(), start_time(getpid())) < 0) die_errno("cannot write the runtime directory");
  close(fd);
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
  for (int looks = 0; (lock = claim_directory(directory)) < 0; looks = is_changing(plan) ? 0 : looks + 1) {
    if (errno == ENOENT) die("no such container: it has been removed");
    if (errno != EWOULDBLOCK) die_errno("cannot lock %s", directory);
    if (runs(plan)) return give_up(plan);
    if (looks > COPY_LOOKS) {
      give_up(plan);
      set_hint("start it when that has ended");
      die("its files are being copied: cp, commit, diff or export is at work");
    }
    nanosleep(&(struct timespec){0, LOOK_EVERY_MS * 1000000L}, NULL);
  }
  if (runs(plan)) { /* though its monitor was killed */
    claim_let_go();
    return give_up(plan);
  }
  remove_runtime(runtime);
  if (mkdir(runtime, 0700) < 0 && errno != EEXIST) die_errno("cannot make %s", runtime);
  if (chdir(runtime) < 0) die_errno("cannot enter %s", runtime);
  write_starter();
  make_link(plan, runtime);
  make_runtime_files(plan);
  if (plan->file && plan_find(plan, "restart") && rename(plan->file, "plan") < 0) die_errno("cannot keep the plan of the container");
  return true;
}
