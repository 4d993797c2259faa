/* Questions by TCP, RFC 7766: each with its length before it in two bytes; one after the other on a connection. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "dns.h"
#include "resolve.h"

/* Of a member that opens many, the oldest is closed. */
enum { CONNECTIONS = 64, EACH = 4, LIMIT_MS = 10000, UPSTREAM_MS = 3000 /* each server */, BACKLOG = 64 };

struct connection {
  int fd, upstream; /* -1: none */
  struct member_address asker;
  long long since, upstream_since;
  int tried; /* of the servers that can be asked */
  unsigned char in[2 + DNS_MAX]; /* the question */
  size_t have, sent;             /* of it: from the client; to the upstream */
  size_t left;                   /* of the upstream's answer; valid once its length is known */
  bool measured;
  unsigned char out[2 + DNS_ANSWER_MAX];
  size_t from, to; /* what the client hasn't taken of it yet */
};

static struct {
  int servers[RESOLVE_ADDRESSES], count;
  struct connection connections[CONNECTIONS];
  int used; /* those in the beginning */
  const char *upstream;
  int port; /* there and here */
} tcp;

void resolve_tcp_open(const char *const *addresses, int count, int port, const char *upstream) {
  for (int i = 0; i < count && i < RESOLVE_ADDRESSES; i++) {
    int fd = resolve_socket(addresses[i], port, SOCK_STREAM, true);
    if (listen(fd, BACKLOG) < 0) die_errno("cannot listen at %s", addresses[i]);
    tcp.servers[tcp.count++] = fd;
  }
  tcp.upstream = upstream;
  tcp.port = port;
}

static size_t length_at(const unsigned char *bytes) { return (size_t)bytes[0] << 8 | bytes[1]; }

static void let_go(struct connection *one) {
  close(one->fd);
  if (one->upstream >= 0) close(one->upstream);
  one->fd = one->upstream = -1;
}

/* The place of its own oldest for who has enough; else a free one, or that of the oldest of all. */
static struct connection *free_place(const struct member_address *asker) {
  struct connection *oldest = tcp.connections, *own = NULL, *free = NULL;
  int count = 0;
  for (struct connection *one = tcp.connections; one < tcp.connections + tcp.used; one++) {
    if (one->fd < 0) {
      free = one;
      continue;
    }
    if (one->since < oldest->since) oldest = one;
    if (!same_address(&one->asker, asker)) continue;
    count++;
    if (!own || one->since < own->since) own = one;
  }
  if (count < EACH && free) return free;
  if (count < EACH && tcp.used < CONNECTIONS) return &tcp.connections[tcp.used++];
  struct connection *chosen = count < EACH ? oldest : own;
  let_go(chosen);
  return chosen;
}

static bool accept_from(int server) {
  struct resolve_address from = {.size = sizeof from.six};
  int fd = accept4(server, &from.any, &from.size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return false;
  struct member_address asker = resolve_asker(&from);
  struct connection *one = free_place(&asker);
  *one = (struct connection){.fd = fd, .upstream = -1, .asker = asker, .since = clock_ms()};
  return true;
}

static void answer(struct connection *one, size_t size) {
  one->out[0] = (unsigned char)(size >> 8);
  one->out[1] = (unsigned char)size;
  one->from = 0;
  one->to = 2 + size;
}

static void stop_upstream(struct connection *one) {
  close(one->upstream);
  one->upstream = -1;
}

static void fail(struct connection *one, int code) {
  if (one->upstream >= 0) stop_upstream(one);
  size_t size = dns_refuse(one->in + 2, one->have - 2, code, one->out + 2);
  if (!size || one->measured) let_go(one); /* half an answer has gone out */
  else answer(one, size);
}

/* An answer's length comes whole or not at all: poll(2) doesn't wake for one byte of it. */
static void wake_for(struct connection *one, int bytes) { setsockopt(one->upstream, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes); }

/* The asker's own, else the network's one. */
static bool next_server(struct connection *one, struct resolve_address *address) {
  bool own = resolve_own_server(&one->asker, 0, tcp.port, address);
  bool found = own ? resolve_own_server(&one->asker, one->tried, tcp.port, address)
                   : tcp.upstream && one->tried == 0 && resolve_parse(tcp.upstream, tcp.port, address);
  one->tried += found;
  return found;
}

static void ask_upstream(struct connection *one) {
  struct resolve_address address;
  if (one->upstream >= 0) stop_upstream(one);
  if (!next_server(one, &address)) {
    fail(one, one->tried > 0 ? DNS_SERVER_FAILS : names_elsewhere(&one->asker) ? DNS_REFUSED : DNS_NO_SUCH_NAME);
    return;
  }
  one->upstream = resolve_ask_socket(&address, SOCK_STREAM);
  one->upstream_since = clock_ms();
  one->sent = 0;
  one->measured = false;
  if (one->upstream < 0) ask_upstream(one);
  else wake_for(one, 2);
}

/* A question that is whole. */
static void consider(struct connection *one) {
  size_t size = 0;
  resolve_refresh();
  struct dns_question asked = {one->asker, true, one->in + 2, one->have - 2};
  one->measured = false;
  switch (dns_consider(&asked, one->out + 2, &size)) {
  case DNS_DROP: let_go(one); return;
  case DNS_ANSWER: answer(one, size); return;
  case DNS_FORWARD: one->tried = 0; ask_upstream(one); return;
  }
}

static void read_question(struct connection *one) {
  size_t whole = one->have < 2 ? 2 : 2 + length_at(one->in);
  if (whole > sizeof one->in) return let_go(one);
  ssize_t got = recv(one->fd, one->in + one->have, whole - one->have, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return let_go(one);
  one->have += (size_t)got;
  if (one->have == 2 && length_at(one->in) == 0) return let_go(one);
  if (one->have > 2 && one->have == 2 + length_at(one->in)) consider(one);
}

static bool is_answered(const struct connection *one) { return one->from == one->to && one->upstream < 0; }

static void write_answer(struct connection *one) {
  ssize_t put = send(one->fd, one->out + one->from, one->to - one->from, MSG_NOSIGNAL);
  if (put < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (put < 0) return let_go(one);
  one->from += (size_t)put;
  if (!is_answered(one)) return;
  one->have = 0; /* the next question */
  one->since = clock_ms();
}

static void send_question(struct connection *one) {
  ssize_t put = send(one->upstream, one->in + one->sent, one->have - one->sent, MSG_NOSIGNAL);
  if (put < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (put < 0) return ask_upstream(one);
  one->sent += (size_t)put;
}

/* As it comes, piece by piece: it may be longer than what is kept here. */
static void read_answer(struct connection *one) {
  if (!one->measured) {
    ssize_t got = recv(one->upstream, one->out, 2, MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 2) return ask_upstream(one);
    wake_for(one, 1);
    one->left = 2 + length_at(one->out);
    one->measured = true;
  }
  ssize_t got = recv(one->upstream, one->out, one->left < sizeof one->out ? one->left : sizeof one->out, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return let_go(one);
  one->from = 0;
  one->to = (size_t)got;
  one->left -= (size_t)got;
  if (one->left == 0) stop_upstream(one);
}

static bool is_asking(const struct connection *one) { return one->upstream >= 0 && one->sent < one->have; }

static int milliseconds_left(struct connection *one, long long now) {
  if (one->upstream >= 0 && !one->measured && now - one->upstream_since >= UPSTREAM_MS) ask_upstream(one);
  else if (now - one->since >= LIMIT_MS) let_go(one);
  if (one->fd < 0) return -1;
  long long left = one->since + LIMIT_MS - now;
  if (one->upstream >= 0 && !one->measured && one->upstream_since + UPSTREAM_MS - now < left)
    left = one->upstream_since + UPSTREAM_MS - now;
  return (int)(left > 0 ? left : 0);
}

int resolve_tcp_watch(struct pollfd *polls, int *timeout) {
  long long now = clock_ms();
  int count = tcp.count;
  *timeout = -1;
  for (int i = 0; i < tcp.count; i++) polls[i] = (struct pollfd){tcp.servers[i], POLLIN, 0};
  for (struct connection *one = tcp.connections; one < tcp.connections + tcp.used; one++) {
    int left = one->fd < 0 ? -1 : milliseconds_left(one, now);
    if (left >= 0 && (*timeout < 0 || left < *timeout)) *timeout = left;
    bool full = one->from < one->to, reads = one->upstream < 0;
    short wants = full ? POLLOUT : reads ? POLLIN : 0, upstream = is_asking(one) ? POLLOUT : POLLIN;
    polls[count++] = (struct pollfd){one->fd, wants, 0};
    polls[count++] = (struct pollfd){full ? -1 : one->upstream, upstream, 0};
  }
  return count;
}

static void serve_one(struct connection *one, const struct pollfd *client, const struct pollfd *upstream) {
  if (one->fd < 0) return;
  if (one->upstream >= 0 && upstream->revents) {
    if (is_asking(one)) send_question(one);
    else read_answer(one);
  } else if (client->revents & POLLOUT) write_answer(one);
  else if (client->revents && one->upstream < 0 && one->from == one->to) read_question(one);
  else if (client->revents) let_go(one);
}

/* Who is there first: else a new one could get a place that has something to say. */
void resolve_tcp_serve(const struct pollfd *polls, int count) {
  for (int i = 0; tcp.count + 2 * i + 1 < count; i++)
    serve_one(&tcp.connections[i], &polls[tcp.count + 2 * i], &polls[tcp.count + 2 * i + 1]);
  for (int i = 0; i < tcp.count; i++)
    for (int left = polls[i].revents ? BACKLOG : 0; left > 0 && accept_from(tcp.servers[i]); left--) continue;
}
