#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply.h"
#include "copy.h"
#include "die.h"
#include "enter-root.h"
#include "message.h"
#include "mounts.h"
#include "namespaces.h"
#include "pack-attributes.h"
#include "pack.h"
#include "path.h"
#include "probe.h"
#include "remove.h"
#include "roles.h"
#include "spawn.h"
#include "target.h"
#include "tree-jobs.h"
#include "userns.h"

static int open_directory(const char *path) {
  int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) die_errno("cannot open %s", path);
  return fd;
}

/* A comma list; `-` is none. */
static bool has_flag(const char *flags, const char *wanted) {
  for (const char *at = flags; *at; at += strcspn(at, ","), at += *at == ',')
    if (strcspn(at, ",") == strlen(wanted) && strncmp(at, wanted, strlen(wanted)) == 0) return true;
  return false;
}

static int job_apply(const struct operation *job) {
  int root = open_directory(job->words[1]);
  if (job->count > 2) {
    int inner = open_in_root(root, job->words[2], O_PATH | O_DIRECTORY);
    if (inner < 0) die_errno("cannot open the directory %s", job->words[2]);
    root = inner;
  }
  return apply_stream(STDIN_FILENO, root, job->count > 3 && has_flag(job->words[3], "kinds"));
}

static int job_pack(const struct operation *job) {
  const char *flags = job->words[4];
  const struct pack_wish wish = {.follow = has_flag(flags, "follow"), .shallow = has_flag(flags, "shallow"), .list = has_flag(flags, "list")};
  int root = open_directory(job->words[1]);
  if (has_flag(flags, "own")) root = without_mounts(root, job->words[1]);
  return pack_path(root, job->words[2], job->words[3], &wish);
}

static int open_layer(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) die_errno("cannot open the layer %s", path);
  return fd;
}

static int job_pack_layer(const struct operation *job) {
  const char *flags = job->words[1], *since = strstr(flags, "since=");
  struct pack_wish wish = {.list = has_flag(flags, "list"), .marks = has_flag(flags, "marks"), .whole = has_flag(flags, "whole"),
                           .settle = has_flag(flags, "settle")};
  if (since) {
    long long moment = strtoll(since + strlen("since="), NULL, 10);
    wish.since = (struct timespec){.tv_sec = (time_t)(moment / 1000000000), .tv_nsec = (long)(moment % 1000000000)};
  }
  size_t lowers = job->count - 3;
  int *fds = calloc(lowers + 1, sizeof *fds);
  if (!fds) die("out of memory");
  for (size_t i = 0; i < lowers; i++) fds[i] = open_layer(job->words[i + 3]);
  return pack_layer(open_layer(job->words[2]), fds, lowers, &wish);
}

/* Status 75 (EX_TEMPFAIL of sysexits.h): somebody else holds it. It is ours as long as this process lives. */
static void hold(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) die_errno("cannot open %s", path);
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) die_with(75, "%s is in use", path);
}

static int job_remove(const struct operation *job) {
  int failed = 0;
  for (size_t i = 1; i < job->count; i++)
    if (remove_path(job->words[i]) != 0) failed = 1;
  return failed;
}

static int job_copy_tree(const struct operation *job) {
  int to = open(job->words[job->count - 1], O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (to < 0) die_errno("cannot open %s", job->words[job->count - 1]);
  for (size_t i = 1; i + 1 < job->count; i++) {
    int from = open(job->words[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (from < 0) die_errno("cannot open %s", job->words[i]);
    int code = copy_layer(from, to);
    if (code != 0) return code;
    close(from);
  }
  return 0;
}

/* Where the caller is: who calls it is root of its own mount namespace. */
static int job_mount_root(const struct plan *plan) {
  bool apart;
  close(mount_root(plan, &apart));
  return 0;
}

static int job_unmount(const struct operation *job) {
  int flags = UMOUNT_NOFOLLOW | (job->count > 2 && has_flag(job->words[2], "detach") ? MNT_DETACH : 0);
  if (umount2(job->words[1], flags) < 0) die_errno("cannot unmount %s", job->words[1]);
  return 0;
}

static int do_jobs(const struct plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    const struct operation *job = &plan->operations[i];
    int code = 0;
    if (strcmp(job->words[0], "apply") == 0) code = job_apply(job);
    else if (strcmp(job->words[0], "pack") == 0) code = job_pack(job);
    else if (strcmp(job->words[0], "pack-layer") == 0) code = job_pack_layer(job);
    else if (strcmp(job->words[0], "remove") == 0) code = job_remove(job);
    else if (strcmp(job->words[0], "copy-owners") == 0) copy_owners(job->words[1], job->words[2]);
    else if (strcmp(job->words[0], "chown") == 0) code = job_chown(job);
    else if (strcmp(job->words[0], "mount-root") == 0) code = job_mount_root(plan);
    else if (strcmp(job->words[0], "unmount") == 0) code = job_unmount(job);
    else if (strcmp(job->words[0], "disk-usage") == 0) code = job_disk_usage(job);
    else if (strcmp(job->words[0], "attributes") == 0) code = job_attributes();
    else if (strcmp(job->words[0], "sync") == 0) code = job_sync(job);
    else if (strcmp(job->words[0], "copy-tree") == 0) code = job_copy_tree(job);
    else if (strcmp(job->words[0], "probe-overlay") == 0) code = probe_overlay(job->words[1]);
    else if (strcmp(job->words[0], "exec") == 0) {
      prctl(PR_SET_DUMPABLE, 1);
      execvp(job->words[1], job->words + 1);
      die_with(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE, "cannot execute %s: %s", job->words[1], strerror(errno));
    }
    if (code != 0) return code;
  }
  return 0;
}

/* Ends when the process that has started it does, even if that happened before it could ask for it. */
static void end_with_parent(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

static void enter_namespaces(const struct plan *plan, int socket) {
  struct message message;
  end_with_parent();
  prctl(PR_SET_DUMPABLE, 1); /* its id maps may be written without privilege: proc_pid(5) */
  make_user_namespace(plan);
  send_message(socket, MESSAGE_NAMESPACES, NULL, 0, -1);
  if (!receive_message(socket, &message)) _exit(EXIT_TOOL);
  make_mount_namespace(plan);
  bool mounts = plan_find(plan, "root-target");
  if (mounts && !plan_find(plan, "root-fuse")) open_sources(plan);
  become_namespace_root(plan);
  end_with_parent();
  if (mounts) enter_mounted_root(plan);
}

/*
 * In the container's mount and user namespaces, but not among its processes: none of them sees this one, and where they
 * see all (--pid host) none can look into it or its descriptors, since it isn't dumpable: ptrace(2), proc_pid(5).
 */
static int work_in_container(const struct plan *plan) {
  join_container(plan);
  become_namespace_root(plan);
  prctl(PR_SET_DUMPABLE, 0);
  return do_jobs(plan);
}

/* The parent stays outside, where newuidmap works, and hands on signals and the exit status. */
static pid_t worker;
static void forward(int number) { kill(worker, number); }

int role_enter(const struct plan *plan) {
  int socket;
  const struct operation *held = plan_find(plan, "hold");
  if (held) hold(held->words[1]);
  if (plan_find(plan, "join")) return work_in_container(plan);
  if (!plan_find(plan, "uidmap")) return do_jobs(plan);
  worker = fork_with_socket(&socket);
  if (worker == 0) {
    enter_namespaces(plan, socket);
    if (plan_find(plan, "root-target")) prctl(PR_SET_DUMPABLE, 0);
    exit(do_jobs(plan));
  }
  for (int number = 1; number < 32; number++)
    if (number != SIGCHLD && number != SIGKILL && number != SIGSTOP && number != SIGPIPE) signal(number, forward);
  struct message message;
  if (!receive_message(socket, &message)) return wait_for(worker);
  write_id_maps(plan, worker);
  send_message(socket, MESSAGE_MAPPED, NULL, 0, -1);
  close(socket);
  close(STDIN_FILENO); /* the pipe's reader is the worker alone */
  return wait_for(worker);
}
