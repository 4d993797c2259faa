#define _GNU_SOURCE
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "attach.h"
#include "backlog.h"
#include "clients.h"
#include "clock.h"
#include "die.h"
#include "health.h"
#include "hub-return.h"
#include "log.h"
#include "restart.h"
#include "stream.h"
#include "supervise.h"
#include "terminal.h"

enum {
  PIPE_SURE = 4096, /* PIPE_BUF: what a pipe that polls as writable surely takes, pipe(7) */
  LOOK_EVERY_MS = 1000,
};

static char buffer[FRAME_MAX]; /* the last output, until all have taken it */
static char typed[FRAME_MAX];
static struct backlog backlog; /* of the container's input */
static struct {
  int to; /* the monitor's own standard output or error */
  const char *data;
  size_t length;
} rest; /* of the last output, for the foreground */

static int null_device(void) {
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0) die_errno("cannot open /dev/null");
  return fd;
}

/* Output as it is where that does; else a pipe between, one for both streams that end in one place: their order stays. */
static void pass_output(struct relay *relay, int fds[3], int close_after[3]) {
  if (!may_have_stream(STDOUT_FILENO)) close_after[1] = fds[1] = output_pipe(&relay->output);
  if (may_have_stream(STDERR_FILENO)) return;
  if (relay->output >= 0 && same_file(STDOUT_FILENO, STDERR_FILENO)) fds[2] = fds[1];
  else close_after[2] = fds[2] = output_pipe(&relay->errors);
}

static void choose_streams(const struct plan *plan, struct relay *relay, int fds[3], int close_after[3]) {
  const char *input = plan_word(plan, "stdin", 1), *output = plan_word(plan, "output", 1);
  *relay = (struct relay){-1, -1, -1, -1, plan_find(plan, "terminal"), !plan_find(plan, "detach") && !plan_find(plan, "attach")};
  for (int i = 0; i < 3; i++) {
    fds[i] = i;
    close_after[i] = -1;
  }
  if (relay->terminal) return;
  bool inherited = input && strcmp(input, "inherit") == 0;
  if (inherited && !may_have_stream(STDIN_FILENO)) relay->source = STDIN_FILENO;
  if (relay->source >= 0 || (input && strcmp(input, "pipe") == 0)) close_after[0] = fds[0] = input_pipe(&relay->input);
  else if (!inherited) close_after[0] = fds[0] = null_device();
  if (!output || strcmp(output, "inherit") == 0) {
    pass_output(relay, fds, close_after);
    return;
  }
  if (strcmp(output, "null") == 0) {
    close_after[1] = fds[1] = fds[2] = null_device();
    return;
  }
  close_after[1] = fds[1] = output_pipe(&relay->output);
  close_after[2] = fds[2] = output_pipe(&relay->errors);
}

static void close_input(struct relay *relay) {
  if (!relay->terminal && relay->input >= 0) close(relay->input);
  relay->input = -1;
  relay->source = -1;
}

void relay_prepare(const struct plan *plan, struct relay *relay, int fds[3], int close_after[3]) {
  choose_streams(plan, relay, fds, close_after);
  /* Of one that is started anew: who has ended its input has none for this start either. */
  if (clients_ended_input()) close_input(relay);
}

void relay_terminal(struct relay *relay, int master) {
  fcntl(master, F_SETFL, O_NONBLOCK);
  relay->output = relay->input = master;
}

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

/*
 * Writes what the descriptor takes without waiting. Its own O_NONBLOCK can't be set: the open file is shared with
 * whoever started us. Where RWF_NOWAIT isn't known for the kind of file, a piece that surely fits is written.
 */
static ssize_t write_now(int fd, const char *data, size_t length) {
  struct iovec whole = {(void *)data, length};
  ssize_t put = syscall(SYS_pwritev2, fd, &whole, 1L, -1L, -1L, RWF_NOWAIT);
  if (put >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS && errno != EAGAIN)) return put;
  struct stat about;
  if (fstat(fd, &about) == 0 && !S_ISREG(about.st_mode) && length > PIPE_SURE) length = PIPE_SURE;
  return write(fd, data, length);
}

static void deliver_rest(struct relay *relay) {
  ssize_t put = write_now(rest.to, rest.data, rest.length);
  if (put < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (put >= 0) {
    rest.data += put;
    rest.length -= (size_t)put;
    return;
  }
  output_failed(rest.to);
  /* As without a container in between: when the reader is gone, who writes on gets EPIPE. */
  int *from = rest.to == 2 ? &relay->errors : &relay->output;
  rest.length = 0;
  if (*from >= 0) close(*from);
  *from = -1;
}

static bool may_read_output(void) { return rest.length == 0 && !clients_waiting(); }

/* One read of a stream into log, foreground and clients; closes it at its end. The bytes; 0: nothing to read now. */
static ssize_t move_output(struct relay *relay, int *from, int stream) {
  ssize_t got = read(*from, buffer, FRAME_MAX);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
  if (got <= 0) {
    /* A terminal that is closed hangs up its session, which may go on with other streams. */
    if (!relay->terminal) close(*from);
    *from = -1;
    return 0;
  }
  log_write(stream, buffer, (size_t)got);
  clients_offer(stream == 2 ? FRAME_ERRORS : FRAME_OUTPUT, buffer, (size_t)got);
  if (!relay->foreground) return got;
  rest.to = stream;
  rest.data = buffer;
  rest.length = (size_t)got;
  return got;
}

static void take_input(struct relay *relay, const char *data, size_t length) {
  if (relay->input < 0) return;
  if (length == 0 && relay->terminal) {
    data = END_TYPED;
    length = sizeof END_TYPED - 1;
  }
  if (length == 0 || !backlog_put(&backlog, relay->input, data, length)) close_input(relay);
}

static void read_source(struct relay *relay) {
  ssize_t got = read(relay->source, typed, FRAME_MAX);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  take_input(relay, typed, got > 0 ? (size_t)got : 0);
}

static void set_window(struct relay *relay, const char *sizes, bool redraw) {
  unsigned short size[2];
  struct winsize before = {0}, window = {0};
  memcpy(size, sizes, sizeof size);
  if (!relay->terminal || relay->input < 0 || !size[0] || !size[1]) return;
  window.ws_row = size[0];
  window.ws_col = size[1];
  /* Only another size makes programs draw their screen anew. */
  if (redraw && ioctl(relay->input, TIOCGWINSZ, &before) == 0 && before.ws_row == size[0] && before.ws_col == size[1]) {
    before.ws_row++;
    ioctl(relay->input, TIOCSWINSZ, &before);
  }
  ioctl(relay->input, TIOCSWINSZ, &window);
}

static bool take_client_frame(void *context, int client, const char *frame, size_t length) {
  struct relay *relay = context;
  if (frame[0] == FRAME_HEALTH) {
    health_ask(client);
    return true;
  }
  if (frame[0] == FRAME_NETWORKS) hub_return_now();
  else if (frame[0] == FRAME_INPUT) take_input(relay, frame + 1, length - 1);
  else if (frame[0] == FRAME_SIGNAL && length > 1) supervise_forward((unsigned char)frame[1]);
  else if ((frame[0] == FRAME_SIZE || frame[0] == FRAME_REDRAW) && length == 1 + 2 * sizeof(unsigned short))
    set_window(relay, frame + 1, frame[0] == FRAME_REDRAW);
  return false;
}

void relay_step(struct relay *relay, int signals, int timeout) {
  bool full = backlog.length > 0, idle = may_read_output();
  enum { OWN = 7 };
  struct pollfd polls[OWN + CLIENTS_MAX + 1] = {{signals, POLLIN, 0},
                                                {idle ? relay->output : -1, POLLIN, 0},
                                                {idle ? relay->errors : -1, POLLIN, 0},
                                                {rest.length ? rest.to : -1, POLLOUT, 0},
                                                {full ? relay->input : -1, POLLOUT, 0},
                                                {full ? -1 : relay->source, POLLIN, 0},
                                                {hub_watched(), POLLIN, 0}};
  int count = clients_watch(polls + OWN, !full);
  int own = sooner(hub_timeout_ms(), health_timeout_ms());
  if (poll(polls, (nfds_t)(OWN + count), sooner(timeout, sooner(clients_timeout(), own))) < 0) return;
  health_tick();
  hub_tick(polls[6].revents);
  if (polls[0].revents) supervise_signals(signals);
  if (polls[1].revents) move_output(relay, &relay->output, 1);
  if (polls[2].revents && may_read_output()) move_output(relay, &relay->errors, 2);
  if (polls[3].revents) deliver_rest(relay);
  if (polls[4].revents && !backlog_flush(&backlog, relay->input)) close_input(relay);
  if (polls[5].revents) read_source(relay);
  clients_serve(polls + OWN, count, take_client_frame, relay);
}

/*
 * What is left for readers, without end: they may be slow. But who stops the container waits for this too: from then on a
 * reader that takes nothing for STALL_MS loses the rest, which is in the log.
 */
static void await_readers(struct relay *relay, int signals) {
  long long since = clock_ms();
  while (!may_read_output()) {
    size_t before = rest.length;
    relay_step(relay, signals, LOOK_EVERY_MS);
    if (rest.length != before) since = clock_ms();
    if (clock_ms() - since < STALL_MS || !restart_forbidden()) continue;
    rest.length = 0;
    relay->foreground = false;
    clients_drop_waiting();
  }
}

void relay_drain(struct relay *relay, int signals) {
  int *const streams[] = {&relay->output, &relay->errors};
  int master = relay->terminal ? relay->input : -1;
  backlog.length = 0;
  close_input(relay);
  for (int i = 0; i < 2; i++) {
    ssize_t got;
    for (long left = left_in(*streams[i]); *streams[i] >= 0 && left > 0; left -= got) {
      await_readers(relay, signals);
      if (*streams[i] < 0 || (got = move_output(relay, streams[i], i + 1)) == 0) break;
    }
  }
  await_readers(relay, signals);
  for (int i = 0; i < 2; i++) {
    if (*streams[i] >= 0 && *streams[i] != master) close(*streams[i]);
    *streams[i] = -1;
  }
  if (master >= 0) close(master);
  log_close();
}

void relay_end(struct relay *relay, int signals, int code) {
  char byte = (char)code;
  clients_accept_last();
  clients_offer(FRAME_EXIT, &byte, 1);
  await_readers(relay, signals);
}
