#define _GNU_SOURCE
#include "supervise.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "cgroup.h"
#include "claim.h"
#include "clients.h"
#include "die.h"
#include "event.h"
#include "health.h"
#include "hub-client.h"
#include "leftover.h"
#include "log.h"
#include "memory.h"
#include "message.h"
#include "namespaces.h"
#include "network.h"
#include "preserve.h"
#include "notify.h"
#include "record.h"
#include "relay.h"
#include "restart.h"
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
  int mounts; /* its mount namespace; -1: none yet, or its processes end with the pid namespace */
  bool ended;
  int status;     /* of wait(2) */
  int signals;    /* a signalfd(2) of all of them */
  int endings;    /* one of those that end a start, and of SIGCHLD */
  bool restart;   /* when it has ended, whatever the policy says */
  bool cancelled; /* what waits to be started anew is not to be */
  bool leaving;   /* the machine goes down: nothing starts anew, but nobody has stopped it */
} container = {.socket = -1, .userns = -1, .mounts = -1, .signals = -1, .endings = -1};

static void stop_helpers(void) {
  network_end(&container.network);
  hub_close();
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
  if (container.mounts < 0) return;
  cgroup_kill();
  end_leftover(container.mounts);
  close(container.mounts);
  container.mounts = -1;
}

static void tell_end(const struct ending *ending) {
  char extra[32];
  snprintf(extra, sizeof extra, ",\"exitCode\":\"%d\"", ending->code);
  if (ending->oom_killed) event_write(container.plan, "oom", "");
  event_write(container.plan, "die", extra);
  event_write_others(container.plan, "end");
}

static void forget_start(void) {
  if (container.userns >= 0) close(container.userns);
  if (container.socket >= 0) close(container.socket);
  container.userns = container.socket = -1;
  container.pid = 0;
  unlink("paused");
}

static int milliseconds_until(const struct timespec *end) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  long long left = (end->tv_sec - now.tv_sec) * 1000LL + (end->tv_nsec - now.tv_nsec) / 1000000;
  return left > 0 ? (int)left : 0;
}

/* Serves those connected until it is time. Returns when `stop` wants it to end. */
static void wait_and_restart(void) {
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  int delay = restart_delay(record_ran()), left;
  end.tv_sec += delay / 1000;
  end.tv_nsec += (long)(delay % 1000) * 1000000;
  clients_hold_input();
  while (!container.cancelled && !restart_forbidden() && (left = milliseconds_until(&end)) > 0)
    relay_step(&container.relay, container.signals, left);
  if (!container.cancelled && !restart_forbidden()) restart_now();
}

/* All that comes after a container, or after a start that failed. Doesn't return when the container is started anew. */
static void conclude(struct ending *ending) {
  const struct plan *plan = container.plan;
  bool again = !container.leaving && (restart_is_one() || !ending->error) && restart_wanted(plan, ending->code, container.restart);
  ending->stopped = restart_forbidden();
  if (again) record_waiting(plan); /* first: at no moment it seems to have ended for good, and `stop` to have nothing to do */
  record_end(plan, ending, !again);
  if (!ending->error) tell_end(ending);
  if (again) {
    cgroup_remove();
    forget_start();
    wait_and_restart();
    ending->stopped = restart_forbidden() || !container.leaving;
    record_end(plan, ending, true);
  }
  cgroup_remove();
  remove_traces(plan, container.userns);
  claim_let_go(); /* it can be started while a client hasn't taken its last output yet */
  relay_end(&container.relay, container.signals, ending->code);
}

/* The start failed: nothing of it may stay. */
static void undo(int code, const char *text) {
  if (container.pid > 0) {
    kill(container.pid, SIGKILL);
    waitpid(container.pid, NULL, 0);
  }
  end_all();
  stop_helpers();
  memory_let_in(container.plan); /* what follows may last, and others wait for the volumes */
  relay_drain(&container.relay, container.signals);
  struct ending ending = {code, 0, false, text, false};
  conclude(&ending);
}

static bool has_ended(pid_t pid) {
  siginfo_t about = {0};
  return pid > 0 && waitid(P_PID, (id_t)pid, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid == pid;
}

static bool has_word(int timeout) {
  struct pollfd polls[2] = {{container.socket, POLLIN, 0}, {container.endings, POLLIN, 0}};
  poll(polls, timeout ? 2 : 1, timeout);
  return polls[0].revents;
}

static void end_when_told(void) {
  struct signalfd_siginfo info;
  while (read(container.endings, &info, sizeof info) == sizeof info)
    if (info.ssi_signo != SIGCHLD) {
      container.leaving = true;
      die_with(128 + (int)info.ssi_signo, "cannot start the container: signal %u came first", info.ssi_signo);
    }
}

/*
 * In a pid namespace that isn't its own, others may stop or kill the first process, and stage one keeps the socket open: the
 * namespace's own process 1 could not end before this one is reaped, and so must not be waited for here. pid_namespaces(7)
 */
static bool await_message(struct message *message) {
  for (;;) {
    if (has_word(0)) return receive_message(container.socket, message);
    bool ended = has_ended(container.pid) || has_ended(container.stage);
    if (ended && !has_word(0)) return false;
    if (!has_word(ended ? 0 : -1)) end_when_told();
  }
}

static void expect(unsigned char type, struct message *message) {
  if (!await_message(message)) die("the container's first process ended before it could start");
  if (message->type == MESSAGE_ERROR) die_as("", message->data);
  if (message->type != type) bug("message %c instead of %c", message->type, type);
}

static void start_stage(const int fds[3]) {
  container.stage = fork_with_socket(&container.socket);
  if (container.stage == 0) stage_one(container.plan, container.socket, fds);
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
  hub_open(container.plan);
  memory_take(container.plan);
  start_stage(fds);
  expect(MESSAGE_NAMESPACES, &message); /* the user namespace */
  if (!maps_own_ids(container.plan)) write_id_maps(container.plan, container.stage);
  container.userns = open_user_namespace(container.plan, container.stage);
  send_message(container.socket, MESSAGE_MAPPED, NULL, 0, -1);
  expect(MESSAGE_NAMESPACES, &message); /* all but pid and cgroup */
  container.network = network_start(container.plan, container.stage);
  hub_attach(container.plan, container.stage);
  expect(MESSAGE_PID, &message);
  memcpy(&container.pid, message.data, sizeof container.pid);
  cgroup_place(container.pid);
  send_message(container.socket, MESSAGE_MAPPED, NULL, 0, -1);
  if (!wants_namespace(container.plan, "pid")) {
    expect(MESSAGE_NAMESPACES, &message);
    container.mounts = message.fd;
  }
  expect(MESSAGE_READY, &message);
  if (message.fd >= 0) relay_terminal(&container.relay, message.fd);
  network_finish(container.plan, &container.network);
  hub_finish();
  end_stage();
  record_start(container.plan, container.pid);
  memory_tell(container.plan);
  claim_check(container.plan);
  /* Who stopped it while it waited has seen it wait, or sees from here on that it runs. */
  if (restart_forbidden()) kill(container.pid, SIGKILL);
  send_message(container.socket, MESSAGE_GO, NULL, 0, -1);
  for (int i = 0; i < 3; i++)
    if (close_after[i] >= 0) close(close_after[i]);
  if (await_message(&message)) die_as("", message.data);
  memory_let_in(container.plan);
  close(container.socket);
  container.socket = -1;
}

/* What the command has at its descriptors must end for others when it ends for the command; what is relayed stays. */
static void let_go_of_stdio(void) {
  const struct relay *relay = &container.relay;
  bool output = relay->foreground && relay->output >= 0, errors = relay->foreground && relay->errors >= 0;
  const bool kept[3] = {relay->source >= 0, output, errors || output /* for output_failed() */};
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  for (int fd = 0; fd < 3; fd++)
    if (!kept[fd]) dup2(null, fd);
  close(null);
}

void supervise_forward(int number) {
  if (number == SIGTERM && plan_find(container.plan, "ends-with-parent")) number = SIGKILL; /* it is over, whatever it says to that */
  if (container.pid > 0 && !container.ended && number > 0) kill(container.pid, number);
  if (container.pid == 0 && (number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT)) container.cancelled = true;
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
    if (pid == container.network.publisher.pid) container.network.publisher.pid = 0;
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
    /* Systemd says it to every process of a unit or scope when the machine goes down: nothing is to start again then. */
    if (info.ssi_signo == SIGTERM) container.leaving = true;
    if (info.ssi_signo == SIGCHLD) reap();
    else if (info.ssi_signo != SIGPIPE && info.ssi_signo != SIGWINCH) supervise_forward((int)info.ssi_signo);
  }
}

static int finish(void) {
  health_close();
  end_all();
  relay_drain(&container.relay, container.signals);
  int number = WIFSIGNALED(container.status) ? WTERMSIG(container.status) : 0;
  struct ending ending = {number ? 128 + number : WEXITSTATUS(container.status), number, cgroup_saw_oom(), NULL, false};
  stop_helpers();
  conclude(&ending);
  return ending.code;
}

static void open_signals(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  container.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
  const int endings[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
  sigset_t few;
  sigemptyset(&few);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) sigaddset(&few, endings[i]);
  container.endings = signalfd(-1, &few, SFD_CLOEXEC | SFD_NONBLOCK);
  if (container.signals < 0 || container.endings < 0) die_errno("signalfd");
}

int supervise(const struct plan *plan, int starter, int link) {
  container.plan = plan;
  container.relay = (struct relay){-1, -1, -1, -1, false, false};
  report_to(starter);
  open_signals();
  if (!restart_is_one()) clients_listen(link, wanted_streams(plan));
  before_death(undo);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  log_open(plan);
  start();
  reap(); /* whose signal was taken meanwhile */
  event_write_others(plan, "start");
  event_write(plan, "start", "");
  notify_started(plan);
  report_to(-1);
  let_go_of_stdio();
  let_go_of_preserved();
  if (starter >= 0) {
    send_message(starter, MESSAGE_STARTED, NULL, 0, -1);
    close(starter);
  }
  before_death(NULL);
  health_open(plan);
  while (!container.ended) relay_step(&container.relay, container.signals, -1);
  return finish();
}
