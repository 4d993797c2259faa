#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "dns.h"
#include "resolve.h"

/*
 * A member that floods fills the queue of its own socket, not those of others: the kernel chooses among those at one
 * address by the asker's. LANES: a power of two.
 */
enum { LANES = 32, ROUNDS = 8 };
/* A question that was passed on: its answer comes with the number that it was given here. A client asks again after 5 s. */
enum { PENDING = 512, PENDING_EACH = 64, PENDING_MS = 4000, OWN_MS = 1300 /* each server of its own */, QUESTION = 512 };

struct pending {
  long long since; /* 0: free */
  unsigned char own_id[2];
  int server;
  struct resolve_address from;
  long long until;
  int own;   /* a socket of its own, to a server of the asker's; -1: it went to the upstream */
  int tried; /* of those servers */
  size_t length;
  unsigned char question[QUESTION]; /* its beginning: for the next server, or for an answer that there is none */
};

/* By itself: what begins as zeros takes no room in the program, which every start copies. */
static struct pending pending[PENDING];

static struct {
  int servers[RESOLVE_ADDRESSES * LANES], count, upstream, port;
  int waiting; /* of those pending */
} udp = {.upstream = -1};

/* The last byte of the sender's address, ip(7), ipv6(7): members have addresses one after the other. socket(7) */
static void choose_lane(int fd, bool six) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (unsigned)SKF_NET_OFF + (six ? 23 : 15)),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, LANES - 1),
      BPF_STMT(BPF_RET | BPF_A, 0),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program); /* else it chooses by the port too */
}

void resolve_udp_open(const char *const *addresses, int count, int port, const char *upstream) {
  for (int i = 0; i < count && i < RESOLVE_ADDRESSES; i++) {
    for (int lane = 0; lane < LANES; lane++)
      udp.servers[udp.count++] = resolve_socket(addresses[i], port, SOCK_DGRAM, true);
    choose_lane(udp.servers[udp.count - 1], strchr(addresses[i], ':'));
  }
  udp.port = port;
  if (upstream) udp.upstream = resolve_socket(upstream, port, SOCK_DGRAM, false);
}

static void reply(int server, const void *data, size_t length, const struct resolve_address *to) {
  if (length) sendto(server, data, length, MSG_NOSIGNAL | MSG_DONTWAIT, &to->any, to->size);
}

static void set_free(struct pending *asked) {
  asked->since = 0;
  udp.waiting--;
  if (asked->own >= 0) close(asked->own);
}

static void give_up(struct pending *asked) {
  unsigned char answer[DNS_MAX];
  set_free(asked);
  reply(asked->server, answer, dns_refuse(asked->question, asked->length, DNS_SERVER_FAILS, answer), &asked->from);
}

static bool same_asker(const struct resolve_address *one, const struct resolve_address *other) {
  struct member_address first = resolve_asker(one), second = resolve_asker(other);
  return same_address(&first, &second);
}

/* Who has many loses its own oldest for a new one. */
static struct pending *free_place(const struct resolve_address *from) {
  struct pending *free = NULL, *oldest = pending, *own = NULL;
  int count = 0;
  for (struct pending *one = pending; one < pending + PENDING; one++) {
    if (!one->since) free = one;
    if (one->since < oldest->since) oldest = one;
    if (!one->since || !same_asker(&one->from, from)) continue;
    count++;
    if (!own || one->since < own->since) own = one;
  }
  if (count >= PENDING_EACH) return own;
  return free ? free : oldest;
}

static struct pending *find_pending(const unsigned char id[2]) {
  for (struct pending *one = pending; one < pending + PENDING; one++)
    if (one->since && memcmp(one->own_id, id, 2) == 0) return one;
  return NULL;
}

/* Each from another port: so nobody can guess what an answer has to look like. False: there is no server left. */
static bool ask_own(struct pending *asked) {
  struct resolve_address server;
  struct member_address asker = resolve_asker(&asked->from);
  unsigned char packet[QUESTION];
  memcpy(packet, asked->question, asked->length);
  memcpy(packet, asked->own_id, 2);
  while (resolve_own_server(&asker, asked->tried, udp.port, &server)) {
    asked->tried++;
    asked->until = clock_ms() + OWN_MS;
    if (asked->own >= 0) close(asked->own);
    asked->own = resolve_ask_socket(&server, SOCK_DGRAM);
    if (asked->own >= 0 && send(asked->own, packet, asked->length, MSG_NOSIGNAL) == (ssize_t)asked->length) return true;
  }
  return false;
}

static void ask_next(struct pending *asked) {
  if (asked->own < 0 || !ask_own(asked)) give_up(asked);
}

/* False: there is nobody to ask. */
static bool pass_on(int server, const struct resolve_address *from, unsigned char *packet, size_t length) {
  struct resolve_address unused;
  struct member_address asker = resolve_asker(from);
  bool own = resolve_own_server(&asker, 0, udp.port, &unused);
  if (!own && udp.upstream < 0) return false;
  struct pending *place = free_place(from), asked = {.since = clock_ms() + 1, .server = server, .from = *from, .own = -1};
  asked.until = asked.since + PENDING_MS;
  asked.length = length < sizeof asked.question ? length : sizeof asked.question;
  memcpy(asked.question, packet, asked.length);
  do
    if (getrandom(asked.own_id, 2, 0) != 2) return true;
  while (find_pending(asked.own_id));
  memcpy(packet, asked.own_id, 2);
  if (place->since) set_free(place);
  udp.waiting++;
  *place = asked;
  if (own ? length > QUESTION || !ask_own(place) : send(udp.upstream, packet, length, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
    give_up(place);
  return true;
}

static bool take_question(int server) {
  static unsigned char packet[DNS_MAX], answer[DNS_ANSWER_MAX];
  struct resolve_address from = {.size = sizeof from.six};
  ssize_t got = recvfrom(server, packet, sizeof packet, 0, &from.any, &from.size);
  if (got < 0) return false;
  resolve_refresh();
  struct dns_question asked = {resolve_asker(&from), false, packet, (size_t)got};
  size_t size = 0;
  enum dns_verdict verdict = dns_consider(&asked, answer, &size);
  if (verdict == DNS_DROP) return true;
  if (verdict == DNS_ANSWER) reply(server, answer, size, &from);
  else if (!pass_on(server, &from, packet, (size_t)got)) {
    int code = names_elsewhere(&asked.asker) ? DNS_REFUSED : DNS_NO_SUCH_NAME;
    reply(server, answer, dns_refuse(packet, (size_t)got, code, answer), &from);
  }
  return true;
}

static bool take_answer(void) {
  static unsigned char packet[1 << 16];
  ssize_t got = recv(udp.upstream, packet, sizeof packet, 0);
  if (got < 0 && errno == ECONNREFUSED) { /* nobody listens there: for any of them */
    for (struct pending *one = pending; one < pending + PENDING; one++)
      if (one->since && one->own < 0) give_up(one);
    return true;
  }
  if (got < 0) return false;
  struct pending *asked = got < DNS_HEADER ? NULL : find_pending(packet);
  if (!asked || asked->own >= 0) return true;
  memcpy(packet, asked->question, 2);
  set_free(asked);
  reply(asked->server, packet, (size_t)got, &asked->from);
  return true;
}

/* Codes after which libc, too, asks the next one: RFC 1035, section 4.1.1. */
static bool has_failed(const unsigned char *packet) {
  int code = packet[3] & 15;
  return code == DNS_SERVER_FAILS || code == DNS_NOT_DONE || code == DNS_REFUSED;
}

static void take_own_answer(struct pending *asked) {
  static unsigned char packet[1 << 16];
  ssize_t got = recv(asked->own, packet, sizeof packet, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got < 0) return ask_next(asked);
  if (got < DNS_HEADER || memcmp(packet, asked->own_id, 2) != 0) return;
  if (has_failed(packet) && ask_own(asked)) return;
  memcpy(packet, asked->question, 2);
  reply(asked->server, packet, (size_t)got, &asked->from);
  set_free(asked);
}

int resolve_udp_watch(struct pollfd *polls, int *timeout) {
  long long now = clock_ms();
  *timeout = -1;
  for (struct pending *one = pending; udp.waiting && one < pending + PENDING; one++) {
    if (!one->since) continue;
    long long left = one->until - now;
    if (left <= 0) ask_next(one);
    if (!one->since) continue;
    left = one->until - now;
    if (*timeout < 0 || left < *timeout) *timeout = (int)left;
  }
  polls[0] = (struct pollfd){udp.upstream, POLLIN, 0}; /* poll(2) passes over a descriptor of -1 */
  for (int i = 0; i < udp.count; i++) polls[i + 1] = (struct pollfd){udp.servers[i], POLLIN, 0};
  int count = udp.count + 1;
  for (struct pending *one = pending; udp.waiting && one < pending + PENDING; one++)
    if (one->since && one->own >= 0) polls[count++] = (struct pollfd){one->own, POLLIN, 0};
  return count;
}

static void take_own_answers(const struct pollfd *polls, int count) {
  for (struct pending *one = pending; count > 0 && one < pending + PENDING; one++) {
    if (!one->since || one->own != polls->fd) continue;
    if (polls->revents) take_own_answer(one);
    polls++;
    count--;
  }
}

void resolve_udp_serve(const struct pollfd *polls, int count) {
  for (int left = polls[0].revents ? PENDING : 0; left > 0 && take_answer(); left--) continue;
  take_own_answers(polls + 1 + udp.count, count - 1 - udp.count); /* before new questions take their places */
  for (int i = 1; i <= udp.count; i++)
    for (int left = polls[i].revents ? ROUNDS : 0; left > 0 && take_question(udp.servers[i - 1]); left--) continue;
}
