#define _GNU_SOURCE
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach.h"
#include "backlog.h"
#include "die.h"
#include "health.h"
#include "log.h"
#include "stream.h"
#include "supervise.h"

enum { CLIENTS_MAX = 16, PIPE_SURE = 4096 /* PIPE_BUF: what a pipe that polls as writable surely takes, pipe(7) */ };

static int listener = -1, clients[CLIENTS_MAX], client_count, wake = -1;
static char buffer[FRAME_MAX + 1];
static struct backlog backlog; /* of the container's input */

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

void relay_prepare(const struct plan *plan, struct relay *relay, int fds[3], int close_after[3]) {
  const char *input = plan_word(plan, "stdin", 1), *output = plan_word(plan, "output", 1);
  *relay = (struct relay){-1, -1, -1, -1, plan_find(plan, "terminal"), !plan_find(plan, "detach") && !plan_find(plan, "terminal")};
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

void relay_terminal(struct relay *relay, int master) {
  fcntl(master, F_SETFL, O_NONBLOCK);
  relay->output = relay->input = master;
}

void relay_listen(int link) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "attach"};
  if (link >= 0) clients[client_count++] = link;
  listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  unlink(address.sun_path);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 8) < 0)
    die_errno("cannot listen for those who attach");
}

static void drop_client(int index) {
  close(clients[index]);
  clients[index] = clients[--client_count];
}

/* Waits until fd takes data; signals are served meanwhile. false: it never will. */
static bool await_room(int fd) {
  for (;;) {
    struct pollfd polls[2] = {{fd, POLLOUT, 0}, {wake, POLLIN, 0}};
    if (poll(polls, 2, health_timeout_ms()) < 0 && errno != EINTR) return false;
    health_tick();
    if (polls[1].revents) supervise_signals(wake);
    if (polls[0].revents & (POLLERR | POLLNVAL)) return false;
    if (polls[0].revents & POLLOUT) return true;
  }
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

/* false: the reader is gone. */
static bool deliver(int fd, const char *data, size_t length) {
  while (length > 0) {
    if (!await_room(fd)) return false;
    ssize_t put = write_now(fd, data, length);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    data += put;
    length -= (size_t)put;
  }
  return true;
}

static void send_to_clients(char type, const char *data, size_t length) {
  struct iovec parts[2] = {{&type, 1}, {(void *)data, length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  for (int i = client_count - 1; i >= 0; i--) {
    ssize_t sent;
    while ((sent = sendmsg(clients[i], &message, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 && (errno == EAGAIN || errno == EINTR))
      if (!await_room(clients[i])) break;
    if (sent < 0) drop_client(i);
  }
}

/* One read of a stream into log, foreground and clients; closes it at its end. false: nothing to read now. */
static bool move_output(struct relay *relay, int *from, int stream) {
  ssize_t got = read(*from, buffer, FRAME_MAX);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0) {
    /* A terminal that is closed hangs up its session, which may go on with other streams. */
    if (!relay->terminal) close(*from);
    *from = -1;
    return false;
  }
  log_write(stream, buffer, (size_t)got);
  send_to_clients(stream == 2 ? FRAME_ERRORS : FRAME_OUTPUT, buffer, (size_t)got);
  if (relay->foreground && !deliver(stream, buffer, (size_t)got)) {
    /* As without a container in between: who writes on gets EPIPE. */
    close(*from);
    *from = -1;
  }
  return true;
}

static void close_input(struct relay *relay) {
  if (!relay->terminal) close(relay->input);
  relay->input = -1;
  relay->source = -1;
}

static void take_input(struct relay *relay, const char *data, size_t length) {
  if (relay->input < 0 || (length == 0 && relay->terminal)) return;
  if (length == 0 || !backlog_put(&backlog, relay->input, data, length)) close_input(relay);
}

static void read_source(struct relay *relay) {
  ssize_t got = read(relay->source, buffer, FRAME_MAX);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  take_input(relay, buffer, got > 0 ? (size_t)got : 0);
}

/* The client is no more one of ours. */
static void pass_to_health(int index) {
  int client = clients[index];
  clients[index] = clients[--client_count];
  health_ask(client);
}

static void take_client(struct relay *relay, int index) {
  ssize_t got = recv(clients[index], buffer, sizeof buffer, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    drop_client(index);
    return;
  }
  unsigned short size[2];
  if (buffer[0] == FRAME_INPUT) take_input(relay, buffer + 1, (size_t)got - 1);
  else if (buffer[0] == FRAME_SIGNAL && got > 1) supervise_forward((unsigned char)buffer[1]);
  else if (buffer[0] == FRAME_HEALTH) pass_to_health(index);
  else if (buffer[0] == FRAME_SIZE && relay->terminal && (size_t)got == 1 + sizeof size) {
    memcpy(size, buffer + 1, sizeof size);
    struct winsize window = {size[0], size[1], 0, 0};
    ioctl(relay->input, TIOCSWINSZ, &window);
  }
}

static void take_connection(void) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0) return;
  if (client_count < CLIENTS_MAX) clients[client_count++] = fd;
  else close(fd);
}

void relay_step(struct relay *relay, int signals) {
  wake = signals;
  bool full = backlog.length > 0;
  struct pollfd polls[6 + CLIENTS_MAX] = {{signals, POLLIN, 0},
                                          {relay->output, POLLIN, 0},
                                          {relay->errors, POLLIN, 0},
                                          {listener, POLLIN, 0},
                                          {full ? relay->input : -1, POLLOUT, 0},
                                          {full ? -1 : relay->source, POLLIN, 0}};
  int count = client_count;
  for (int i = 0; i < count; i++) polls[6 + i] = (struct pollfd){full ? -1 : clients[i], POLLIN, 0};
  if (poll(polls, (nfds_t)(6 + count), health_timeout_ms()) < 0) return;
  health_tick();
  if (polls[0].revents) supervise_signals(signals);
  if (polls[1].revents && relay->output >= 0) move_output(relay, &relay->output, 1);
  if (polls[2].revents && relay->errors >= 0) move_output(relay, &relay->errors, 2);
  if (polls[4].revents && !backlog_flush(&backlog, relay->input)) close_input(relay);
  if (polls[5].revents) read_source(relay);
  for (int i = count - 1; i >= 0 && !full; i--)
    if (polls[6 + i].revents && i < client_count && clients[i] == polls[6 + i].fd && !backlog.length) take_client(relay, i);
  if (polls[3].revents) take_connection();
}

void relay_drain(struct relay *relay) {
  while (relay->output >= 0 && move_output(relay, &relay->output, 1)) continue;
  while (relay->errors >= 0 && move_output(relay, &relay->errors, 2)) continue;
  log_close();
}

void relay_end(int code) {
  char byte = (char)code;
  send_to_clients(FRAME_EXIT, &byte, 1);
}
