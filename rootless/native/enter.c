#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply.h"
#include "copy.h"
#include "die.h"
#include "message.h"
#include "probe.h"
#include "remove.h"
#include "roles.h"
#include "spawn.h"
#include "userns.h"

static int job_apply(const struct operation *job) {
  int root = open(job->words[1], O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) die_errno("cannot open %s", job->words[1]);
  return apply_stream(STDIN_FILENO, root);
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

static int do_jobs(const struct plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    const struct operation *job = &plan->operations[i];
    int code = 0;
    if (strcmp(job->words[0], "apply") == 0) code = job_apply(job);
    else if (strcmp(job->words[0], "remove") == 0) code = job_remove(job);
    else if (strcmp(job->words[0], "copy-owners") == 0) copy_owners(job->words[1], job->words[2]);
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

static int flags_of_namespaces(const struct plan *plan) {
  int flags = CLONE_NEWUSER;
  size_t from = 0;
  const struct operation *wanted;
  while ((wanted = plan_next(plan, "namespace", &from)))
    if (strcmp(wanted->words[1], "mount") == 0) flags |= CLONE_NEWNS;
  return flags;
}

/* The parent stays outside, where newuidmap works, and hands on signals and the exit status. */
static pid_t worker;
static void forward(int number) { kill(worker, number); }

int role_enter(const struct plan *plan) {
  int sockets[2];
  message_pair(sockets);
  worker = fork();
  if (worker < 0) die_errno("fork");
  if (worker == 0) {
    struct message message;
    close(sockets[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 1); /* its id maps may be written without privilege: proc_pid(5) */
    if (unshare(flags_of_namespaces(plan)) < 0) {
      set_hint("run `tsc-pod doctor`: it tells what forbids user namespaces here");
      die_errno("cannot make a user namespace");
    }
    send_message(sockets[1], MESSAGE_NAMESPACES, NULL, 0, -1);
    if (!receive_message(sockets[1], &message)) _exit(EXIT_TOOL);
    become_namespace_root(plan);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    exit(do_jobs(plan));
  }
  for (int number = 1; number < 32; number++)
    if (number != SIGCHLD && number != SIGKILL && number != SIGSTOP && number != SIGPIPE) signal(number, forward);
  close(sockets[1]);
  struct message message;
  if (!receive_message(sockets[0], &message)) return wait_for(worker);
  write_id_maps(plan, worker);
  send_message(sockets[0], MESSAGE_MAPPED, NULL, 0, -1);
  close(sockets[0]);
  close(STDIN_FILENO); /* the pipe's reader is the worker alone */
  return wait_for(worker);
}
