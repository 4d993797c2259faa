#define _GNU_SOURCE
#include "exec-streams.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "child.h"
#include "stream.h"

static char buffer[BACKLOG_MAX];

void exec_streams_prepare(struct exec_streams *streams, bool wanted, int null) {
  *streams = (struct exec_streams){{0, 1, 2}, -1, -1, -1, -1, {{0}, 0, 0}};
  if (!wanted) streams->fds[0] = null;
  else if (!may_have_stream(STDIN_FILENO)) {
    streams->source = STDIN_FILENO;
    streams->fds[0] = input_pipe(&streams->input);
  }
  if (!may_have_stream(STDOUT_FILENO)) streams->fds[1] = output_pipe(&streams->output);
  if (may_have_stream(STDERR_FILENO)) return;
  /* One pipe for both streams that end in one place: their order stays. */
  if (streams->output >= 0 && same_file(STDOUT_FILENO, STDERR_FILENO)) streams->fds[2] = streams->fds[1];
  else streams->fds[2] = output_pipe(&streams->errors);
}

void exec_streams_keep(struct exec_streams *streams, int null) {
  const bool output = streams->output >= 0, errors = streams->errors >= 0;
  const bool kept[3] = {streams->source >= 0, output, errors || output /* for output_failed() */};
  for (int fd = 0; fd < 3; fd++) {
    if (streams->fds[fd] > 2 && streams->fds[fd] != null && (fd < 2 || streams->fds[2] != streams->fds[1])) close(streams->fds[fd]);
    if (!kept[fd]) dup2(null, fd);
  }
}

static void end(int *fd) {
  close(*fd);
  *fd = -1;
}

/* One read of a pipe: the bytes, 0 when there is nothing now. When nobody takes it the pipe is closed, as it would be without us. */
static ssize_t show(int *from, int to) {
  ssize_t got = read(*from, buffer, sizeof buffer);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (got > 0 && !child_write(to, buffer, (size_t)got)) got = 0;
  if (got <= 0) end(from);
  return got > 0 ? got : 0;
}

static void drain(int *from, int to) {
  ssize_t got;
  for (long left = left_in(*from); *from >= 0 && left > 0 && (got = show(from, to)) > 0; left -= got) continue;
}

static void end_input(struct exec_streams *streams) {
  streams->source = -1;
  if (!streams->backlog.length) end(&streams->input);
}

static void take_input(struct exec_streams *streams) {
  ssize_t got = read(streams->source, buffer, sizeof buffer);
  if (got < 0 && errno == EINTR) return;
  if (got <= 0 || !backlog_put(&streams->backlog, streams->input, buffer, (size_t)got)) end_input(streams);
}

static void feed(struct exec_streams *streams) {
  bool open = backlog_flush(&streams->backlog, streams->input);
  if (!open || (streams->source < 0 && !streams->backlog.length)) end_input(streams);
}

static void take_signal(int signals, pid_t pid) {
  struct signalfd_siginfo info;
  if (read(signals, &info, sizeof info) != sizeof info) return;
  if (info.ssi_signo == SIGCHLD) child_reap();
  else if (info.ssi_signo != SIGPIPE && info.ssi_signo != SIGWINCH) kill(pid, (int)info.ssi_signo);
}

int exec_streams_carry(struct exec_streams *streams, pid_t pid, int signals) {
  child_is(pid);
  while (child_code() < 0) {
    bool full = streams->backlog.length > 0;
    struct pollfd polls[5] = {{signals, POLLIN, 0},
                              {streams->output, POLLIN, 0},
                              {streams->errors, POLLIN, 0},
                              {full ? -1 : streams->source, POLLIN, 0},
                              {full ? streams->input : -1, POLLOUT, 0}};
    if (poll(polls, 5, -1) < 0) continue;
    if (polls[0].revents) take_signal(signals, pid);
    if (polls[1].revents) show(&streams->output, STDOUT_FILENO);
    if (polls[2].revents) show(&streams->errors, STDERR_FILENO);
    if (polls[3].revents) take_input(streams);
    if (polls[4].revents) feed(streams);
  }
  drain(&streams->output, STDOUT_FILENO);
  drain(&streams->errors, STDERR_FILENO);
  return child_code();
}
