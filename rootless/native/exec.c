#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"
#include "event.h"
#include "exec-streams.h"
#include "message.h"
#include "preserve.h"
#include "process.h"
#include "roles.h"
#include "secrets.h"
#include "session.h"
#include "spawn.h"
#include "stream.h"
#include "target.h"
#include "terminal.h"

static int starter = -1; /* -d: to the command, which waits for the start */
static struct exec_streams streams; /* of a command without a terminal */
static int null; /* the host's null device: what the container has of that name may be anything */

__attribute__((noreturn)) static void child(const struct plan *plan, int socket) {
  report_to(socket);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const struct operation *terminal = plan_find(plan, "terminal");
  const char *cwd = plan_word(plan, "cwd", 1);
  struct pty pty = {-1, -1};
  if (terminal) pty = open_container_terminal(plan, terminal);
  if (cwd) enter_directory(cwd);
  send_message(socket, MESSAGE_READY, NULL, 0, pty.master);
  for (int fd = 0; fd < 3; fd++) dup2(pty.slave >= 0 ? pty.slave : streams.fds[fd], fd);
  become_command(plan);
}

static pid_t start(const struct plan *plan, int *master) {
  int socket;
  struct message message;
  pid_t pid = fork_with_socket(&socket);
  if (pid == 0) child(plan, socket);
  *master = -1;
  while (receive_message(socket, &message)) {
    if (message.type == MESSAGE_ERROR) die_as("", message.data);
    if (message.fd >= 0) *master = message.fd;
  }
  close(socket);
  return pid;
}

static void drop_stdio(void) {
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
}

/* -d: the session goes on in a process of its own, with nothing of ours. */
static void go_to_background(void) {
  struct message message;
  if (fork_with_socket(&starter) > 0) {
    if (receive_message(starter, &message) && message.type == MESSAGE_ERROR) die_as("", message.data);
    _exit(0);
  }
  setsid();
  drop_stdio();
  report_to(starter);
}

static void tell_started(void) {
  report_to(-1);
  close(starter);
  starter = -1;
}

/*
 * Until the command runs only the end of a child is held back: any other signal ends this process, and with it the
 * child, whatever the container may hold it up with.
 */
static int open_signals(void) {
  sigset_t all, ended;
  sigfillset(&all);
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_SETMASK, &ended, NULL);
  int signals = signalfd(-1, &all, SFD_CLOEXEC);
  if (signals < 0) die_errno("signalfd");
  return signals;
}

static void hold_signals(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
}

/* The process that keeps a terminal: a child of the command's, since the detach keys end that one only. */
__attribute__((noreturn)) static void keep_terminal(const struct plan *plan, int front) {
  int master, signals = open_signals(), reporter = event_reporter(plan, "exec_die", "");
  join_container(plan);
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* joining a user namespace takes it back */
  pid_t pid = start(plan, &master);
  let_go_of_preserved();
  hold_signals();
  int code = terminal_session(plan, pid, master, signals);
  if (code >= 0) {
    event_reported(reporter, code);
    _exit(code_after_output(code));
  }
  if (code == SESSION_HUNG_UP) {
    close(master); /* hangs up the command's own terminal, and with it all that runs there */
    master = -1;
  }
  prctl(PR_SET_PDEATHSIG, 0);
  setsid();
  send_message(front, MESSAGE_STARTED, NULL, 0, -1);
  close(front);
  drop_stdio();
  event_reported(reporter, terminal_abandoned(pid, master, signals));
  _exit(0);
}

/* Signals of the terminal itself have reached the keeper too: it is in the same process group. */
static int front_of_terminal(const struct plan *plan) {
  int socket, signals = open_signals();
  hold_signals();
  pid_t keeper = fork_with_socket(&socket);
  if (keeper == 0) keep_terminal(plan, socket);
  let_go_of_preserved();
  struct pollfd polls[2] = {{signals, POLLIN, 0}, {socket, POLLIN, 0}};
  for (;;) {
    struct signalfd_siginfo info;
    if (poll(polls, 2, -1) < 0) continue;
    if (polls[0].revents && read(signals, &info, sizeof info) == sizeof info && info.ssi_signo != SIGCHLD &&
        info.ssi_code != SI_KERNEL)
      kill(keeper, (int)info.ssi_signo);
    if (!polls[1].revents) continue;
    struct message message;
    return receive_message(socket, &message) ? 0 : wait_for(keeper); /* a word means: the user has detached */
  }
}

int role_exec(const struct plan *plan) {
  int master;
  bool detach = plan_find(plan, "detach");
  null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) die_errno("cannot open /dev/null");
  read_secret_variables(plan);
  if (detach) go_to_background();
  else if (plan_find(plan, "terminal")) return front_of_terminal(plan);
  const char *input = plan_word(plan, "stdin", 1);
  exec_streams_prepare(&streams, !input || strcmp(input, "null") != 0, null);
  int reporter = event_reporter(plan, "exec_die", "");
  join_container(plan);
  int signals = open_signals();
  pid_t pid = start(plan, &master);
  let_go_of_preserved();
  hold_signals();
  if (detach) tell_started();
  exec_streams_keep(&streams, null);
  int code = master < 0 ? exec_streams_carry(&streams, pid, signals) : terminal_abandoned(pid, master, signals);
  event_reported(reporter, code);
  return master < 0 ? code : 0;
}
