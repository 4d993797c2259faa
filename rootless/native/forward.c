#define _GNU_SOURCE
#include "forward.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptors.h"
#include "die.h"

enum { PIPE_BYTES = 256 * 1024, ROUNDS = 16, EVENTS = 128, POOL = 32, ACCEPTS = 64, DESCRIPTORS = 6, PAUSE_MS = 100 };

/* One way of a connection. A pipe is there only while bytes are in it. */
struct flow {
  int pipe[2];
  size_t held;
  bool ended, done; /* its source has no more; its destination knows */
};

struct link {
  struct link *next; /* in one of the lists below */
  int fds[2];        /* the client, the container */
  struct flow flows[2];
  bool connecting, more, dead;
};

static struct {
  const struct forward_port *ports;
  struct forward_target *targets;
  size_t count, links, most;
  int epoll;
  bool paused; /* nothing more is accepted */
  struct link *more, *dead;
  int pool[POOL][2], pooled;
} forwarder;

static bool take_pipe(struct flow *flow) {
  if (forwarder.pooled) {
    forwarder.pooled--;
    flow->pipe[0] = forwarder.pool[forwarder.pooled][0];
    flow->pipe[1] = forwarder.pool[forwarder.pooled][1];
    return true;
  }
  if (pipe2(flow->pipe, O_NONBLOCK | O_CLOEXEC) < 0) return false;
  fcntl(flow->pipe[1], F_SETPIPE_SZ, PIPE_BYTES); /* as it comes, where the user has many */
  return true;
}

static void leave_pipe(struct flow *flow) {
  if (flow->pipe[0] < 0) return;
  if (!flow->held && forwarder.pooled < POOL) {
    forwarder.pool[forwarder.pooled][0] = flow->pipe[0];
    forwarder.pool[forwarder.pooled++][1] = flow->pipe[1];
  } else {
    close(flow->pipe[0]);
    close(flow->pipe[1]);
  }
  flow->pipe[0] = flow->pipe[1] = -1;
}

static void watch_listeners(bool accepting) {
  for (size_t i = 0; i < forwarder.count; i++) {
    struct epoll_event event = {accepting ? EPOLLIN : 0, {.u64 = i}};
    epoll_ctl(forwarder.epoll, EPOLL_CTL_MOD, forwarder.ports[i].listener, &event);
  }
  forwarder.paused = !accepting;
}

/* `abort`: both ends are told that it broke. */
static void end_link(struct link *link, bool abort) {
  struct linger now = {1, 0};
  if (link->dead) return;
  for (int i = 0; i < 2; i++) {
    if (abort) setsockopt(link->fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(link->fds[i]);
    leave_pipe(&link->flows[i]);
  }
  link->dead = true;
  forwarder.links--;
  if (link->more) return; /* step_more() comes by it */
  link->next = forwarder.dead;
  forwarder.dead = link;
}

enum outcome { WAIT, MORE, BROKEN };

static enum outcome move(struct link *link, int way) {
  struct flow *flow = &link->flows[way];
  for (int round = 0; round < ROUNDS && !flow->done; round++) {
    if (!flow->held && flow->ended) {
      shutdown(link->fds[!way], SHUT_WR);
      flow->done = true;
      break;
    }
    if (!flow->held) {
      if (flow->pipe[0] < 0 && !take_pipe(flow)) return BROKEN;
      ssize_t got = splice(link->fds[way], NULL, flow->pipe[1], NULL, PIPE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) leave_pipe(flow);
      if (got < 0) return errno == EAGAIN ? WAIT : BROKEN;
      flow->ended = got == 0;
      flow->held = (size_t)got;
      continue;
    }
    ssize_t sent = splice(flow->pipe[0], NULL, link->fds[!way], NULL, flow->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN ? WAIT : BROKEN;
    flow->held -= (size_t)sent;
  }
  return flow->done ? WAIT : MORE;
}

static bool is_connected(struct link *link) {
  union address peer;
  socklen_t size = sizeof peer;
  if (link->connecting) link->connecting = getpeername(link->fds[1], &peer.any, &size) < 0;
  return !link->connecting;
}

static void run(struct link *link, bool broken) {
  if (link->dead) return;
  if (broken) return end_link(link, true);
  if (!is_connected(link)) return;
  bool more = false;
  for (int way = 0; way < 2; way++) {
    enum outcome outcome = move(link, way);
    if (outcome == BROKEN) return end_link(link, true);
    more |= outcome == MORE;
  }
  if (link->flows[0].done && link->flows[1].done) return end_link(link, false);
  if (!more || link->more) return;
  link->more = true;
  link->next = forwarder.more;
  forwarder.more = link;
}

/* Those that had more than their share of the last round. */
static void step_more(void) {
  struct link *next, *list = forwarder.more;
  forwarder.more = NULL;
  for (struct link *link = list; link; link = next) {
    next = link->next;
    link->more = false;
    if (link->dead) {
      link->next = forwarder.dead;
      forwarder.dead = link;
    } else {
      run(link, false);
    }
  }
}

static void free_dead(void) {
  while (forwarder.dead) {
    struct link *link = forwarder.dead;
    forwarder.dead = link->next;
    free(link);
  }
}

static bool is_local(const union address *client) {
  if (client->any.sa_family == AF_INET) return (ntohl(client->four.sin_addr.s_addr) >> 24) == 127;
  return IN6_IS_ADDR_LOOPBACK(&client->six.sin6_addr) || IN6_IS_ADDR_LINKLOCAL(&client->six.sin6_addr);
}

static socklen_t size_of(const union address *address) {
  return address->any.sa_family == AF_INET ? sizeof address->four : sizeof address->six;
}

/* ip(7), IP_TRANSPARENT: its own address need not be one of this namespace's. */
static int socket_as(union address source) {
  int one = 1, mark = FORWARD_MARK, family = source.any.sa_family;
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  bool four = family == AF_INET;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  bool good = setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0 &&
              setsockopt(fd, four ? IPPROTO_IP : IPPROTO_IPV6, four ? IP_TRANSPARENT : IPV6_TRANSPARENT, &one, sizeof one) == 0;
  if (good && bind(fd, &source.any, size_of(&source)) == 0) return fd;
  if (four) source.four.sin_port = 0;
  else source.six.sin6_port = 0;
  if (good && bind(fd, &source.any, size_of(&source)) == 0) return fd;
  close(fd);
  return -1;
}

static bool is_here(const union address *address) {
  int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool here = fd >= 0 && bind(fd, &address->any, size_of(address)) == 0;
  if (fd >= 0) close(fd);
  return here;
}

/* Its networks can change while it runs. */
static void follow(union address *target) {
  struct ifaddrs *all;
  if (is_here(target) || getifaddrs(&all) < 0) return;
  for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != target->any.sa_family || (one->ifa_flags & IFF_LOOPBACK)) continue;
    union address found;
    memset(&found, 0, sizeof found);
    memcpy(&found, one->ifa_addr, size_of(target));
    if (is_local(&found)) continue;
    *target = found;
    break;
  }
  freeifaddrs(all);
}

static int connect_for(const union address *client, unsigned short port) {
  struct forward_target *targets = forwarder.targets, *chosen = NULL;
  for (int i = 0; i < 2; i++)
    if (targets[i].target.any.sa_family && (!chosen || targets[i].target.any.sa_family == client->any.sa_family)) chosen = &targets[i];
  if (!chosen) return -1;
  follow(&chosen->target);
  union address target = chosen->target;
  bool known = client->any.sa_family == target.any.sa_family && !is_local(client);
  if (target.any.sa_family == AF_INET) target.four.sin_port = htons(port);
  else target.six.sin6_port = htons(port);
  int fd = socket_as(known ? *client : chosen->source);
  if (fd < 0 || connect(fd, &target.any, size_of(&target)) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

static void refuse(int client) {
  struct linger now = {1, 0};
  setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(client);
}

static void begin_link(int client, int container) {
  struct link *link = calloc(1, sizeof *link);
  int one = 1;
  if (!link) {
    refuse(client);
    close(container);
    return;
  }
  *link = (struct link){NULL, {client, container}, {{{-1, -1}, 0, false, false}, {{-1, -1}, 0, false, false}}, true, false, false};
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  forwarder.links++;
  for (int i = 0; i < 2; i++) {
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.u64 = (uint64_t)(uintptr_t)link}};
    if (epoll_ctl(forwarder.epoll, EPOLL_CTL_ADD, link->fds[i], &event) < 0) return end_link(link, true);
  }
}

static void accept_some(const struct forward_port *port) {
  for (int i = 0; i < ACCEPTS; i++) {
    union address client;
    socklen_t size = sizeof client;
    int fd = forwarder.links < forwarder.most ? accept4(port->listener, &client.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC) : -1;
    if (fd < 0 && (forwarder.links >= forwarder.most || errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
      return watch_listeners(false);
    if (fd < 0) return;
    int container = connect_for(&client, port->port);
    if (container < 0) refuse(fd);
    else begin_link(fd, container);
  }
}

static void open_all(void) {
  struct rlimit limit;
  allow_descriptors();
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) die_errno("getrlimit");
  forwarder.most = limit.rlim_cur / DESCRIPTORS > forwarder.count + POOL ? limit.rlim_cur / DESCRIPTORS - forwarder.count - POOL : 1;
  forwarder.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (forwarder.epoll < 0) die_errno("epoll_create1");
  for (size_t i = 0; i < forwarder.count; i++) {
    struct epoll_event event = {EPOLLIN, {.u64 = i}};
    if (epoll_ctl(forwarder.epoll, EPOLL_CTL_ADD, forwarder.ports[i].listener, &event) < 0) die_errno("epoll_ctl");
  }
}

void forward(const struct forward_port *ports, size_t count, struct forward_target targets[2]) {
  struct epoll_event events[EVENTS];
  forwarder.ports = ports;
  forwarder.count = count;
  forwarder.targets = targets;
  open_all();
  for (;;) {
    int ready = epoll_wait(forwarder.epoll, events, EVENTS, forwarder.more ? 0 : forwarder.paused ? PAUSE_MS : -1);
    if (ready < 0 && errno != EINTR) _exit(EXIT_TOOL);
    step_more();
    for (int i = 0; i < ready; i++) {
      if (events[i].data.u64 < count) accept_some(&ports[events[i].data.u64]);
      else run((struct link *)(uintptr_t)events[i].data.u64, events[i].events & EPOLLERR);
    }
    bool freed = forwarder.dead || ready == 0; /* the machine may lack what this process has enough of */
    if (forwarder.paused && freed && forwarder.links < forwarder.most) watch_listeners(true);
    free_dead();
  }
}
