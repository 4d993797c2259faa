#define _GNU_SOURCE
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "die.h"
#include "event.h"
#include "health.h"
#include "leftover.h"
#include "log.h"
#include "message.h"
#include "namespaces.h"
#include "network.h"
#include "preserve.h"
#include "notify.h"
#include "record.h"
#include "relay.h"
#include "spawn.h"
#include "stage.h"
#include "userns.h"

static struct {
  const struct plan *plan;
  pid_t stage, pid; /* stage one; the container's first process */
  int socket;       /* to both */
  int userns;
  struct network network;
  struct relay relay;
  struct mount_namespace mounts; /* inode 0: none yet, or its processes end with the pid namespace */
  bool ended;
  int status; /* of wait(2) */
  bool restart; /* when it has ended, whatever the policy says */
} container = {.socket = -1, .userns = -1};

static void stop_helpers(void) {
  network_end(&container.network);
  if (container.network.pid > 0) {
    kill(container.network.pid, SIGKILL);
    waitpid(container.network.pid, NULL, 0);
    container.network.pid = 0;
  }
  if (container.stage > 0) {
    kill(container.stage, SIGKILL);
    waitpid(container.stage, NULL, 0);
    container.stage = 0;
  }
}

static void end_all(void) {
  if (!container.mounts.inode) return;
  cgroup_kill();
  end_leftover(container.mounts);
}

/* The start failed: nothing of it may stay. */
static void undo(int code, const char *text) {
  if (container.pid > 0) {
    kill(container.pid, SIGKILL);
    waitpid(container.pid, NULL, 0);
  }
  end_all();
  stop_helpers();
  struct ending ending = {code, 0, false, text};
  record_end(container.plan, &ending);
  remove_traces(container.plan, container.userns);
  cgroup_remove();
}

__attribute__((noreturn)) static void fail(const struct message *message) {
  char text[2304];
  size_t length = message->length ? message->length - 1 : 0;
  memcpy(text, message->data + 1, length);
  while (length && text[length - 1] == '\n') length--;
  text[length] = 0;
  char *hint = strchr(text, '\n');
  if (hint) *hint++ = 0;
  set_hint(hint);
  die_with((unsigned char)message->data[0], "%s", strncmp(text, "Error: ", 7) == 0 ? text + 7 : text);
}

static void expect(unsigned char type, struct message *message) {
  if (!receive_message(container.socket, message)) die("the container's first process ended before it could start");
  if (message->type == MESSAGE_ERROR) fail(message);
  if (message->type != type) bug("message %c instead of %c", message->type, type);
}

static void start_stage(const int fds[3]) {
  int sockets[2];
  message_pair(sockets);
  container.stage = fork();
  if (container.stage < 0) die_errno("fork");
  if (container.stage == 0) {
    close(sockets[0]);
    stage_one(container.plan, sockets[1], fds);
  }
  close(sockets[1]);
  container.socket = sockets[0];
}

static void end_stage(void) {
  kill(container.stage, SIGKILL);
  waitpid(container.stage, NULL, 0);
  container.stage = 0;
}

static void start(void) {
  struct message message;
  int fds[3], close_after[3];
  relay_prepare(container.plan, &container.relay, fds, close_after);
  cgroup_make(container.plan);
  start_stage(fds);
  expect(MESSAGE_NAMESPACES, &message); /* the user namespace */
  if (!joins_user_namespace(container.plan)) write_id_maps(container.plan, container.stage);
  container.userns = open_user_namespace(container.plan, container.stage);
  send_message(container.socket, MESSAGE_MAPPED, NULL, 0, -1);
  expect(MESSAGE_NAMESPACES, &message); /* all but pid and cgroup */
  container.network = network_start(container.plan, container.stage);
  expect(MESSAGE_PID, &message);
  memcpy(&container.pid, message.data, sizeof container.pid);
  cgroup_place(container.pid);
  send_message(container.socket, MESSAGE_MAPPED, NULL, 0, -1);
  expect(MESSAGE_READY, &message);
  if (!wants_namespace(container.plan, "pid")) memcpy(&container.mounts, message.data, sizeof container.mounts);
  if (message.fd >= 0) relay_terminal(&container.relay, message.fd);
  network_finish(container.plan, &container.network);
  end_stage();
  record_start(container.plan, container.pid);
  send_message(container.socket, MESSAGE_GO, NULL, 0, -1);
  for (int i = 0; i < 3; i++)
    if (close_after[i] >= 0) close(close_after[i]);
  if (receive_message(container.socket, &message)) fail(&message);
  close(container.socket);
  container.socket = -1;
}

/* What the command has at its descriptors must end for others when it ends for the command; what is relayed stays. */
static void let_go_of_stdio(void) {
  const struct relay *relay = &container.relay;
  bool kept[3] = {relay->source >= 0, relay->foreground && relay->output >= 0, relay->foreground && relay->errors >= 0};
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  for (int fd = 0; fd < 3; fd++)
    if (!kept[fd]) dup2(null, fd);
  close(null);
}

void supervise_forward(int number) {
  if (container.pid > 0 && !container.ended && number > 0) kill(container.pid, number);
}

void supervise_restart_after_end(void) { container.restart = true; }

void supervise_stay_ended(void) {
  int fd = open("stopped", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd >= 0) close(fd);
}

static void reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    if (pid == container.network.pid) container.network.pid = 0;
    if (pid != container.pid) {
      health_reaped(pid);
      continue;
    }
    container.ended = true;
    container.status = status;
  }
}

void supervise_signals(int signals) {
  struct signalfd_siginfo info;
  while (read(signals, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) reap();
    else if (info.ssi_signo != SIGPIPE && info.ssi_signo != SIGWINCH) supervise_forward((int)info.ssi_signo);
  }
}

static void tell_end(const struct ending *ending) {
  char extra[32];
  snprintf(extra, sizeof extra, ",\"exitCode\":\"%d\"", ending->code);
  if (ending->oom_killed) event_write(container.plan, "oom", "");
  event_write(container.plan, "die", extra);
}

static int finish(void) {
  health_close();
  end_all();
  relay_drain(&container.relay);
  int number = WIFSIGNALED(container.status) ? WTERMSIG(container.status) : 0;
  struct ending ending = {number ? 128 + number : WEXITSTATUS(container.status), number, cgroup_saw_oom(), NULL};
  stop_helpers();
  record_end(container.plan, &ending);
  tell_end(&ending);
  remove_traces(container.plan, container.userns);
  cgroup_remove();
  relay_end(ending.code);
  return ending.code;
}

int supervise(const struct plan *plan, int starter, int link) {
  container.plan = plan;
  report_to(starter);
  before_death(undo);
  const char *runtime = plan_word(plan, "runtime", 1);
  if (!runtime || !plan_find(plan, "container")) bug("no container or no runtime directory");
  if (chdir(runtime) < 0) die_errno("cannot enter %s", runtime);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  int signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals < 0) die_errno("signalfd");
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  log_open(plan);
  start();
  event_write(plan, "start", "");
  notify_started(plan);
  report_to(-1);
  const char *output = plan_word(plan, "output", 1);
  bool relayed = container.relay.terminal || container.relay.input >= 0 || (output && strcmp(output, "log") == 0);
  if (relayed) relay_listen(link);
  let_go_of_stdio();
  let_go_of_preserved();
  if (starter >= 0) {
    send_message(starter, MESSAGE_STARTED, NULL, 0, -1);
    close(starter);
  }
  before_death(NULL);
  health_open(plan);
  while (!container.ended) relay_step(&container.relay, signals);
  return finish();
}
