#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "message.h"
#include "process.h"
#include "roles.h"
#include "secrets.h"
#include "stream.h"
#include "target.h"

enum {
  SWEEP_LIMIT_MS = 3000, /* for those that fork faster than they are killed, and for those that are stopped */
  SWEEP_PAUSE_MS = 2,
};

static struct {
  const struct plan *plan;
  int proc;     /* the host's /proc: the container's can't be trusted */
  int output;   /* read end of what the command writes */
  int socket;   /* to the keeper */
  int signals;
  pid_t keeper; /* as the host numbers it */
  size_t length;
  bool more;
  char text[CHECK_OUTPUT_MAX];
} check;

__attribute__((noreturn)) static void command(int socket, int null, int output) {
  const char *cwd = plan_word(check.plan, "cwd", 1);
  report_to(socket);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (cwd) enter_directory(cwd);
  dup2(null, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  become_command(check.plan);
}

/*
 * In the container's pid namespace, where it adopts whatever the command leaves behind: all of it can be found below
 * this process until it is gone. Tells the command's status, and ends with the last of them.
 */
__attribute__((noreturn)) static void keep(int socket, int null, int output) {
  int status;
  pid_t pid, ended;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  report_to(socket);
  if ((pid = fork()) < 0) die_errno("fork");
  if (pid == 0) command(socket, null, output);
  close(output);
  while ((ended = waitpid(-1, &status, 0)) > 0 || errno == EINTR)
    if (ended == pid) send_message(socket, MESSAGE_STATUS, &status, sizeof status, -1);
  _exit(0);
}

static void start(void) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  check.proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (null < 0 || check.proc < 0) die_errno("cannot open /dev/null and /proc");
  int output = output_pipe(&check.output);
  join_container(check.plan);
  check.keeper = fork_with_socket(&check.socket);
  if (check.keeper == 0) {
    close(check.output);
    keep(check.socket, null, output);
  }
  close(output);
  close(null);
}

/* What is beyond the limit is read too, and lost: the command must not wait for us. The bytes; 0: the end, -1: nothing now. */
static ssize_t take_output(void) {
  char piece[16384];
  ssize_t got = read(check.output, piece, sizeof piece);
  if (got < 0) return got;
  size_t room = sizeof check.text - check.length, kept = (size_t)got < room ? (size_t)got : room;
  memcpy(check.text + check.length, piece, kept);
  check.length += kept;
  if (kept < (size_t)got) check.more = true;
  return got;
}

static pid_t parent_of(pid_t pid) {
  char path[32], text[1024];
  snprintf(path, sizeof path, "%d/stat", pid);
  int fd = openat(check.proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  text[got > 0 ? got : 0] = 0;
  const char *after = strrchr(text, ')'); /* the command's name may hold anything */
  int parent = 0;
  return after && sscanf(after + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

/* The number may have been given to another process since it was read. */
static void kill_child(pid_t pid) {
  int process = (int)syscall(SYS_pidfd_open, pid, 0);
  if (process < 0) return;
  if (parent_of(pid) == check.keeper) syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0);
  close(process);
}

/* Kills every child of the keeper's; what those leave behind becomes its child in turn. false: there is none. */
static bool kill_children(void) {
  char path[64], list[4096];
  snprintf(path, sizeof path, "%d/task/%d/children", check.keeper, check.keeper);
  int fd = openat(check.proc, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = read(fd, list, sizeof list - 1);
  close(fd);
  if (got <= 0) return false;
  list[got] = 0;
  for (char *word = list, *end; *word; word = end) {
    long pid = strtol(word, &end, 10);
    if (end == word || *end != ' ') break; /* cut off: the next round has it whole */
    kill_child((pid_t)pid);
    end++;
  }
  return true;
}

static void sweep(void) {
  long long limit = clock_ms() + SWEEP_LIMIT_MS;
  while (kill_children() && clock_ms() < limit) {
    poll(NULL, 0, SWEEP_PAUSE_MS);
    take_output();
  }
  kill(check.keeper, SIGKILL);
  while (waitpid(check.keeper, NULL, 0) < 0 && errno == EINTR) continue;
}

enum { RUNNING, ENDED, FAILED, TOO_LATE, CALLED_OFF };

/* What the keeper has to say. `code`: the command's, or text[] is why it could not be started. */
static int take_message(int *code) {
  struct message message;
  int status;
  if (!receive_message(check.socket, &message)) {
    *code = 128 + SIGKILL; /* the container has ended, or its root has killed the keeper */
    return ENDED;
  }
  if (message.type == MESSAGE_ERROR && message.length > 1) {
    check.length = message.length - 1 < sizeof check.text ? message.length - 1 : sizeof check.text;
    memcpy(check.text, message.data + 1, check.length);
    return FAILED;
  }
  if (message.type != MESSAGE_STATUS) return RUNNING;
  memcpy(&status, message.data, sizeof status);
  *code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return ENDED;
}

static bool told_to_end(void) {
  struct signalfd_siginfo info;
  while (read(check.signals, &info, sizeof info) == sizeof info)
    if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGPIPE) return true;
  return false;
}

static int await_end(long long deadline, int *code) {
  struct pollfd polls[3] = {{check.signals, POLLIN, 0}, {check.socket, POLLIN, 0}, {check.output, POLLIN, 0}};
  for (;;) {
    long long left = deadline - clock_ms();
    if (left <= 0) return TOO_LATE;
    if (poll(polls, 3, (int)left) < 0) continue;
    if (polls[0].revents && told_to_end()) return CALLED_OFF;
    if (polls[2].revents && take_output() <= 0) polls[2].fd = -1;
    int how = polls[1].revents ? take_message(code) : RUNNING;
    if (how != RUNNING) return how;
  }
}

/* As docker words it, with a duration as Go writes it. */
static int too_late_text(char *text, size_t size, long long ms) {
  char time[64] = "";
  size_t at = 0;
  if (ms >= 3600000) at += (size_t)snprintf(time + at, sizeof time - at, "%lldh", ms / 3600000);
  if (ms >= 60000) at += (size_t)snprintf(time + at, sizeof time - at, "%lldm", ms / 60000 % 60);
  if (ms < 1000) snprintf(time + at, sizeof time - at, "%lldms", ms);
  else if (ms % 1000 == 0) snprintf(time + at, sizeof time - at, "%llds", ms / 1000 % 60);
  else snprintf(time + at, sizeof time - at, "%lld.%03llds", ms / 1000 % 60, ms % 1000);
  return snprintf(text, size, "-1\nHealth check exceeded timeout (%s)%s", time, check.length ? ": " : "");
}

static void report(int how, int code, long long timeout) {
  char text[CHECK_REPORT_MAX];
  int head = how == TOO_LATE ? too_late_text(text, 256, timeout) : snprintf(text, 256, "%d\n", how == FAILED ? -1 : code);
  size_t length = (size_t)head;
  memcpy(text + length, check.text, check.length);
  length += check.length;
  if (check.more && how != FAILED) {
    memcpy(text + length, "...", 3);
    length += 3;
  }
  if (write(STDOUT_FILENO, text, length) < 0) _exit(EXIT_TOOL);
}

int role_check(const struct plan *plan) {
  const char *word = plan_word(plan, "check-timeout", 1);
  long long timeout = word ? number_of(word) : 30000, began = clock_ms();
  int code = -1;
  sigset_t all;
  check.plan = plan;
  read_secret_variables(plan);
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  check.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (check.signals < 0) die_errno("signalfd");
  start();
  int how = await_end(began + timeout, &code);
  sweep();
  long left = how != CALLED_OFF ? left_in(check.output) : 0;
  for (ssize_t got; left > 0 && (got = take_output()) > 0; left -= got) continue;
  if (how != CALLED_OFF) report(how, code, timeout);
  return 0;
}
