#define _GNU_SOURCE
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "claim.h"
#include "die.h"
#include "event.h"
#include "identity.h"
#include "json-text.h"
#include "remove.h"
#include "restart.h"
#include "spawn.h"
#include "userns.h"

enum { EXIT_MAX = 3072 }; /* bytes of DIR/exit */

static char started_at[40] = "0";
static struct timespec started_monotonic;

static void now(char text[40]) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  snprintf(text, 40, "%lld.%09ld", (long long)time.tv_sec, time.tv_nsec);
}

static int open_aside(const char *directory, const char *name, char aside[4200]) {
  snprintf(aside, 4200, "%s/.%s.%d", directory, name, getpid());
  return open(aside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

/* Not truncated before: what was reserved is used. */
bool write_aside(const char *directory, const char *name, const char *text, bool durable) {
  char path[4200], aside[4200];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  int fd = open_aside(directory, name, aside);
  size_t length = strlen(text);
  bool good = fd >= 0 && write(fd, text, length) == (ssize_t)length && ftruncate(fd, (off_t)length) == 0 && (!durable || fdatasync(fd) == 0);
  if (fd >= 0) close(fd);
  if (good && rename(aside, path) == 0) return true;
  int error = errno;
  unlink(aside);
  errno = error;
  return false;
}

static void boot_id(char text[40]) {
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? 0 : read(fd, text, 36);
  text[got > 0 ? got : 0] = 0;
  if (fd >= 0) close(fd);
}

static const char *directory_of(const struct plan *plan) { return plan_word(plan, "container", 2); }

/* The container may fill the disk: how it ended must find room. A file system that can't reserve any goes without. */
static void reserve(const char *directory, const char *name) {
  char aside[4200];
  int fd = open_aside(directory, name, aside);
  if (fd < 0) return;
  posix_fallocate(fd, 0, EXIT_MAX);
  close(fd);
}

static void write_state(const struct plan *plan, pid_t pid) {
  const char *runtime = plan_word(plan, "runtime", 1);
  char text[256], boot[40];
  boot_id(boot);
  snprintf(text, sizeof text, "%d %llu %d %llu %s %s %d\n", pid, pid ? start_time(pid) : 0, getpid(), start_time(getpid()), started_at,
           boot, restart_count());
  if (!write_aside(runtime, "state", text, false)) die_errno("cannot write %s/state", runtime);
}

void record_waiting(const struct plan *plan) { write_state(plan, 0); }

double record_ran(void) {
  struct timespec time;
  if (!started_monotonic.tv_sec) return 0;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)(time.tv_sec - started_monotonic.tv_sec) + (double)(time.tv_nsec - started_monotonic.tv_nsec) / 1e9;
}

/* RUNTIME/kept: `restart` starts the container again, though it was to go when it has ended. */
static const struct operation *removal_of(const struct plan *plan) {
  return access("kept", F_OK) == 0 ? NULL : plan_find(plan, "remove-at-exit");
}

void record_start(const struct plan *plan, pid_t pid) {
  const char *pid_file = plan_word(plan, "pid-file", 1);
  now(started_at);
  clock_gettime(CLOCK_MONOTONIC, &started_monotonic);
  write_state(plan, pid);
  if (!plan_find(plan, "remove-at-exit")) {
    if (!write_aside(directory_of(plan), "started", started_at, false)) die_errno("cannot write %s/started", directory_of(plan));
    reserve(directory_of(plan), "exit");
  }
  if (!pid_file) return;
  int fd = open(pid_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || dprintf(fd, "%d", pid) < 0) die_errno("cannot write the pid file %s", pid_file);
  close(fd);
}

static void append_json_string(char *to, size_t size, const char *text) {
  size_t length = strlen(to), left = strlen(text), put;
  while (left && length + JSON_CHARACTER_MAX < size) {
    size_t taken = json_character(text, left, to + length, &put);
    text += taken;
    left -= taken;
    length += put;
  }
  to[length] = 0;
}

/* A start that failed ends what was started before: else that would seem to have been lost. */
static void recall_start(const struct plan *plan) {
  char path[4200], text[40] = "";
  snprintf(path, sizeof path, "%s/started", directory_of(plan));
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  if (got > 0 && strspn(text, "0123456789.") == strlen(text)) memcpy(started_at, text, sizeof text);
}

void record_end(const struct plan *plan, const struct ending *ending, bool last) {
  if (plan_find(plan, "remove-at-exit")) return;
  char text[EXIT_MAX], finished[40];
  now(finished);
  if (strcmp(started_at, "0") == 0) recall_start(plan);
  snprintf(text, sizeof text,
           "{\"exitCode\":%d,\"signal\":%d,\"oomKilled\":%s,\"startedAt\":%s,\"finishedAt\":%s,\"restarts\":%d,"
           "\"stopped\":%s,\"error\":\"",
           ending->code, ending->signal, ending->oom_killed ? "true" : "false", started_at, finished, restart_count(),
           ending->stopped ? "true" : "false");
  if (ending->error) append_json_string(text, sizeof text - 8, ending->error);
  strcat(text, "\"}\n");
  if (!write_aside(directory_of(plan), "exit", text, last))
    warn("Error: cannot write %s/exit: %s", directory_of(plan), strerror(errno));
}

/* Files of other owners need the namespace's root to go; the monitor made the namespace, so it may enter it. */
static void remove_in_namespace(const struct plan *plan, int userns, const char *path) {
  pid_t pid = fork();
  if (pid < 0) return;
  if (pid == 0) {
    report_to(-1);
    if (userns >= 0 && setns(userns, CLONE_NEWUSER) == 0) become_namespace_root(plan);
    _exit(remove_path(path) == 0 ? 0 : 1);
  }
  wait_for(pid);
}

/* A name, or an address: core/reservation.ts. */
static void release(const char *path) {
  char directory[4200];
  snprintf(directory, sizeof directory, "%s", path);
  char *slash = strrchr(directory, '/');
  unlink(path);
  if (!slash) return;
  *slash = 0;
  rmdir(directory); /* refused when it has been given again */
}

/* `rename` leaves the reservation of the new name in RUNTIME/name. */
static const char *reservation_of(const struct plan *plan, char text[4200]) {
  snprintf(text, 4200, "%s/name", plan_word(plan, "runtime", 1));
  int fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return plan_word(plan, "release-name", 1);
  ssize_t got = read(fd, text, 4199);
  close(fd);
  text[got > 0 ? got : 0] = 0;
  return text;
}

/* The container's own namespace may lack the user's id: a plan of its own says how to remove its files. */
static void remove_by_plan(const char *text) {
  char *argv[] = {"/proc/self/exe", "-c", (char *)text, NULL};
  struct spawn what = {argv, {-1, -1, -1, -1, -1}};
  pid_t pid = spawn(&what);
  if (pid > 0) wait_for(pid);
}

/* Its directory of users goes only while nobody is in it: then nobody can come into it, core/volume/users.ts. */
static void release_volume(const struct plan *plan, const struct operation *volume) {
  char users[4200];
  snprintf(users, sizeof users, "%s", volume->words[1]);
  char *slash = strrchr(users, '/');
  unlink(volume->words[1]);
  if (volume->count < 4 || !slash) return;
  *slash = 0;
  if (rmdir(users) < 0) return;
  if (rename(volume->words[2], volume->words[3]) < 0) warn("cannot move %s to the trash: %s", volume->words[2], strerror(errno));
  else event_volume_destroyed(plan, strrchr(volume->words[2], '/') + 1);
}

/* The name and the runtime directory go while the files are still in the trash: there the next command finds, by the id,
   what this process had no time for when it is killed. */
static void remove_container(const struct plan *plan, int userns, const struct operation *removal) {
  const char *runtime = plan_word(plan, "runtime", 1), *by = plan_word(plan, "remove-by", 1);
  const struct operation *volume, *address;
  size_t from = 0;
  char name[4200];
  event_prepare(plan);
  bool renamed = rename(removal->words[1], removal->words[2]) == 0;
  if (renamed) event_write(plan, "destroy", "");
  while ((volume = plan_next(plan, "release-volume", &from))) release_volume(plan, volume);
  from = 0;
  while ((address = plan_next(plan, "release-address", &from))) release(address->words[1]);
  if (plan_find(plan, "release-name")) release(reservation_of(plan, name));
  if (runtime) remove_runtime(runtime);
  if (by) {
    remove_by_plan(by);
    return;
  }
  if (renamed) remove_in_namespace(plan, userns, removal->words[2]);
  from = 0;
  while ((volume = plan_next(plan, "release-volume", &from)))
    if (volume->count > 3) remove_in_namespace(plan, userns, volume->words[3]);
}

void remove_traces(const struct plan *plan, int userns) {
  const struct operation *removal = removal_of(plan);
  const char *runtime = plan_word(plan, "runtime", 1);
  if (removal) remove_container(plan, userns, removal);
  else if (runtime) remove_runtime(runtime);
}
