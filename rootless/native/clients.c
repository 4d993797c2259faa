#define _GNU_SOURCE
#include "clients.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "die.h"

enum { FRONT = 16, ENDED_INPUT = 32 }; /* beside WANT_... */

static struct client {
  int fd;
  unsigned char flags;
  bool owed;       /* it hasn't taken the piece that is offered */
  bool held;       /* its next frame is input, which nobody takes now */
  long long since; /* when it was first asked to, in milliseconds */
} clients[CLIENTS_MAX];
static int count, listener = -1;
static bool holding;
static char buffer[FRAME_MAX + 1];

static struct {
  char frame;
  const char *data;
  size_t length;
} piece;

static void add(int fd, unsigned char flags) { clients[count++] = (struct client){fd, flags, false, false, 0}; }

static void drop(struct client *client) {
  close(client->fd);
  client->fd = -1;
}

static void forget_dropped(void) {
  int kept = 0;
  for (int i = 0; i < count; i++)
    if (clients[i].fd >= 0) clients[kept++] = clients[i];
  count = kept;
}

void clients_listen(int link, unsigned char streams) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "attach"};
  if (link >= 0) add(link, streams | FRONT);
  listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 64) < 0)
    die_errno("cannot listen for those who attach");
}

int clients_watch(struct pollfd *polls, bool input) {
  for (int i = 0; i < count; i++) {
    short events = (short)((input && !clients[i].held ? POLLIN : 0) | (clients[i].owed ? POLLOUT : 0));
    polls[i] = (struct pollfd){events ? clients[i].fd : -1, events, 0};
  }
  polls[count] = (struct pollfd){count < CLIENTS_MAX ? listener : -1, POLLIN, 0};
  return count + 1;
}

int clients_timeout(void) {
  long long least = -1, now = 0;
  for (int i = 0; i < count; i++) {
    if (!clients[i].owed || clients[i].flags & FRONT) continue;
    if (!now) now = clock_ms();
    long long left = clients[i].since + STALL_MS - now;
    if (left < 0) left = 0;
    if (least < 0 || left < least) least = left;
  }
  return (int)least;
}

static void drop_stalled(void) {
  long long now = clients_timeout() == 0 ? clock_ms() : 0;
  for (int i = 0; i < count; i++)
    if (clients[i].owed && !(clients[i].flags & FRONT) && now - clients[i].since >= STALL_MS) drop(&clients[i]);
}

/* Hands the piece to one client if it takes it now. One that is gone may have left input, which is taken before it is dropped. */
static void hand_over(struct client *client) {
  struct iovec parts[2] = {{&piece.frame, 1}, {(void *)piece.data, piece.length}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
  ssize_t sent;
  do sent = sendmsg(client->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  bool full = sent < 0 && (errno == EAGAIN || errno == ENOBUFS);
  if (sent < 0 && !full) client->flags &= (unsigned char)~(WANT_OUTPUT | WANT_ERRORS);
  if (full && !client->owed) client->since = clock_ms();
  client->owed = full;
}

static bool wants(const struct client *client, char frame) {
  if (frame == FRAME_OUTPUT) return client->flags & WANT_OUTPUT;
  return frame == FRAME_ERRORS ? client->flags & WANT_ERRORS : true;
}

void clients_offer(char frame, const char *data, size_t length) {
  piece.frame = frame;
  piece.data = data;
  piece.length = length;
  for (int i = 0; i < count; i++)
    if (wants(&clients[i], frame)) hand_over(&clients[i]);
}

void clients_accept_last(void) {
  int fd;
  while (count < CLIENTS_MAX && (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) add(fd, 0);
}

void clients_hold_input(void) { holding = true; }

bool clients_waiting(void) {
  for (int i = 0; i < count; i++)
    if (clients[i].owed) return true;
  return false;
}

void clients_drop_waiting(void) {
  for (int i = 0; i < count; i++)
    if (clients[i].owed) drop(&clients[i]);
  forget_dropped();
}

bool clients_ended_input(void) {
  for (int i = 0; i < count; i++)
    if (clients[i].flags & ENDED_INPUT) return true;
  return false;
}

/* One frame of a client's. false: it is gone. */
static bool take(struct client *client, take_frame *handle, void *context) {
  ssize_t got;
  client->held = holding && recv(client->fd, buffer, 1, MSG_DONTWAIT | MSG_PEEK) == 1 && buffer[0] == FRAME_INPUT;
  if (client->held) return true;
  do got = recv(client->fd, buffer, sizeof buffer, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return true;
  if (got <= 0) return false;
  if (buffer[0] == FRAME_WANT && got > 1) client->flags |= buffer[1] & (WANT_OUTPUT | WANT_ERRORS);
  if (buffer[0] == FRAME_INPUT && got == 1) client->flags |= ENDED_INPUT;
  if (handle(context, client->fd, buffer, (size_t)got)) client->fd = -1;
  return true;
}

void clients_serve(const struct pollfd *polls, int watched, take_frame *handle, void *context) {
  static unsigned turn;
  int served = watched - 1;
  bool taken = false; /* one frame a round: the container may not take the next one yet */
  turn++;
  for (int step = 0; step < served; step++) {
    int i = (int)((turn + (unsigned)step) % (unsigned)served);
    if (polls[i].revents & POLLOUT && clients[i].owed) hand_over(&clients[i]);
    if (taken || !(polls[i].events & POLLIN) || !(polls[i].revents & ~POLLOUT)) continue;
    taken = true;
    if (!take(&clients[i], handle, context)) drop(&clients[i]);
  }
  drop_stalled();
  forget_dropped();
  if (!(polls[served].revents & POLLIN)) return;
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd >= 0) add(fd, 0);
}

int clients_keep(int *fds, char *words) {
  fds[0] = listener;
  for (int i = 0; i < count; i++) {
    fds[i + 1] = clients[i].fd;
    words[i] = (char)('@' + clients[i].flags);
  }
  words[count] = 0;
  return count + 1;
}

void clients_inherited(int first, const char *words) {
  listener = first;
  for (; words[count]; ) add(first + 1 + count, (unsigned char)(words[count] - '@'));
}
