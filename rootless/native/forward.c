#define _GNU_SOURCE
#include "forward.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "descriptors.h"
#include "die.h"
#include "forward-flows.h"
#include "forward-udp.h"

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
  struct forwarding *all;
  size_t links, most;
  int epoll;
  long long paused; /* nothing more is accepted until then; 0: something is */
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
  for (size_t i = 0; i < forwarder.all->count; i++) {
    struct epoll_event event = {accepting ? EPOLLIN : 0, {.u64 = i}};
    const struct forward_port *port = &forwarder.all->ports[i];
    if (!port->udp) epoll_ctl(forwarder.epoll, EPOLL_CTL_MOD, port->listener, &event);
  }
  forwarder.paused = accepting ? 0 : clock_ms() + PAUSE_MS;
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
  if (good && bind(fd, &source.any, address_size(&source)) == 0) return fd;
  set_address_port(&source, 0);
  if (good && bind(fd, &source.any, address_size(&source)) == 0) return fd;
  close(fd);
  return -1;
}

static int connect_for(const union address *client, unsigned short port) {
  struct forward_target *chosen = forward_target_for(forwarder.all->targets, client);
  if (!chosen) return -1;
  forward_follow(chosen);
  union address target = chosen->target;
  set_address_port(&target, port);
  int fd = socket_as(forward_source(chosen, client));
  if (fd < 0 || connect(fd, &target.any, address_size(&target)) == 0 || errno == EINPROGRESS) return fd;
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

static void watch(int fd, uint64_t number) {
  struct epoll_event event = {EPOLLIN, {.u64 = number}};
  if (epoll_ctl(forwarder.epoll, EPOLL_CTL_ADD, fd, &event) < 0) die_errno("epoll_ctl");
}

static void open_all(void) {
  struct forwarding *all = forwarder.all;
  struct rlimit limit;
  allow_descriptors();
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) die_errno("getrlimit");
  forwarder.most = limit.rlim_cur / DESCRIPTORS > all->count + POOL ? limit.rlim_cur / DESCRIPTORS - all->count - POOL : 1;
  forwarder.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (forwarder.epoll < 0) die_errno("epoll_create1");
  for (size_t i = 0; i < all->count; i++) watch(all->ports[i].listener, i);
  if (all->device >= 0) watch(all->device, all->count);
}

static void serve(const struct epoll_event *event) {
  struct forwarding *all = forwarder.all;
  uint64_t number = event->data.u64;
  if (number == all->count) {
    if (!udp_answer()) epoll_ctl(forwarder.epoll, EPOLL_CTL_DEL, all->device, NULL);
  } else if (number > all->count) {
    run((struct link *)(uintptr_t)number, event->events & EPOLLERR);
  } else if (all->ports[number].udp) {
    udp_ask(&all->ports[number]);
  } else {
    accept_some(&all->ports[number]);
  }
}

void forward(struct forwarding *forwarding) {
  struct epoll_event events[EVENTS];
  forwarder.all = forwarding;
  open_all();
  for (;;) {
    int wait = sooner(forwarder.paused ? PAUSE_MS : -1, flows_expire());
    int ready = epoll_wait(forwarder.epoll, events, EVENTS, forwarder.more ? 0 : wait);
    if (ready < 0 && errno != EINTR) _exit(EXIT_TOOL);
    step_more();
    for (int i = 0; i < ready; i++) serve(&events[i]);
    bool again = forwarder.paused && (forwarder.dead || clock_ms() >= forwarder.paused); /* the machine may lack what this process has enough of */
    if (again && forwarder.links < forwarder.most) watch_listeners(true);
    free_dead();
  }
}
