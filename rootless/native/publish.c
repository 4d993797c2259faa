#define _GNU_SOURCE
#include "publish.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "die.h"
#include "forward.h"
#include "forward-udp.h"
#include "message.h"
#include "namespaces.h"
#include "netlink.h"

enum { BACKLOG = 4096, TABLE = 116 };

static union address parse_address(const char *text, unsigned short port) {
  union address address;
  memset(&address, 0, sizeof address);
  address.any.sa_family = strchr(text, ':') ? AF_INET6 : AF_INET;
  void *bytes = address.any.sa_family == AF_INET ? (void *)&address.four.sin_addr : (void *)&address.six.sin6_addr;
  if (inet_pton(address.any.sa_family, text, bytes) != 1) bug("%.60s is no address", text);
  set_address_port(&address, port);
  return address;
}

static unsigned short port_of(const char *word) {
  long long port = number_of(word);
  if (port < 1 || port > 65535) bug("%.20s is no port", word);
  return (unsigned short)port;
}

/* publish ADDRESS PORT CONTAINER-PORT [udp] */
static struct forward_port listen_at(const struct operation *wish) {
  union address address = parse_address(wish->words[1], port_of(wish->words[2]));
  bool six = address.any.sa_family == AF_INET6, udp = wish->count == 5;
  int one = 1, fd = socket(address.any.sa_family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && !udp) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* which lets two have a UDP port */
  if (fd >= 0 && six) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  bool good = fd >= 0 && (!udp || udp_tell_address(fd, address.any.sa_family)) && bind(fd, &address.any, address_size(&address)) == 0;
  if (!good || (!udp && listen(fd, BACKLOG) < 0))
    die_errno("cannot publish %s%s%s:%s/%s", six ? "[" : "", wish->words[1], six ? "]" : "", wish->words[2], udp ? "udp" : "tcp");
  return (struct forward_port){fd, port_of(wish->words[3]), udp};
}

/* Answers go where the question came from: who accepts a marked connection marks what it sends, tcp(7) tcp_fwmark_accept;
 * where nobody listens the kernel marks its refusal (ip-sysctl: fwmark_reflect). */
static void route_marked(const struct forward_target targets[2]) {
  set_network_sysctl("ipv4/tcp_fwmark_accept", "1");
  set_network_sysctl("ipv4/fwmark_reflect", "1");
  if (targets[1].target.any.sa_family) set_network_sysctl("ipv6/fwmark_reflect", "1");
  struct netlink netlink = netlink_open();
  netlink_raise(&netlink, "lo");
  for (int i = 0; i < 2; i++)
    if (targets[i].target.any.sa_family) netlink_keep_marked(&netlink, targets[i].target.any.sa_family, FORWARD_MARK, TABLE);
  netlink_close(&netlink);
}

static bool has_port(const struct forwarding *forwarding, bool udp) {
  for (size_t i = 0; i < forwarding->count; i++)
    if (forwarding->ports[i].udp == udp) return true;
  return false;
}

/* What it needs for each connection is all that it keeps. */
static void keep_net_admin(void) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{1U << CAP_NET_ADMIN, 1U << CAP_NET_ADMIN, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, data) < 0) die_errno("cannot set the capabilities");
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void read_targets(const struct plan *plan, struct forward_target targets[2]) {
  size_t from = 0;
  const struct operation *wish;
  memset(targets, 0, 2 * sizeof *targets);
  while ((wish = plan_next(plan, "publish-to", &from))) {
    union address target = parse_address(wish->words[1], 0);
    targets[target.any.sa_family == AF_INET6] = (struct forward_target){target, parse_address(wish->words[2], 0)};
  }
}

/* Nothing else of the monitor's stays open in it: a pipe or a lock would outlive it. */
static void keep_descriptors(struct forwarding *forwarding, int *socket) {
  size_t count = forwarding->count;
  struct forward_port *ports = forwarding->ports;
  int null = open("/dev/null", O_RDWR | O_CLOEXEC), *kept = calloc(count + 1, sizeof *kept);
  if (!kept) die("out of memory");
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  for (size_t i = 0; i < count; i++) kept[i] = ports[i].listener;
  kept[count] = *socket;
  if (keep_only_descriptors(kept, count + 1) < 0) _exit(EXIT_TOOL);
  for (size_t i = 0; i < count; i++) ports[i].listener = kept[i];
  *socket = kept[count];
  free(kept);
}

__attribute__((noreturn)) static void serve(const struct plan *plan, struct forwarding *forwarding, pid_t holder, int socket, pid_t parent) {
  sigset_t none;
  report_to(socket);
  prctl(PR_SET_NAME, "tsc-pod ports");
  read_targets(plan, forwarding->targets);
  int user = open_namespace(holder, "user"), net = open_namespace(holder, "net");
  if (setns(user, CLONE_NEWUSER) < 0 || setns(net, CLONE_NEWNET) < 0) die_errno("cannot enter the container's network namespace");
  prctl(PR_SET_PDEATHSIG, SIGKILL); /* after what the kernel forgets it with, prctl(2) */
  prctl(PR_SET_DUMPABLE, 0);
  if (getppid() != parent) _exit(EXIT_TOOL);
  if (has_port(forwarding, false)) route_marked(forwarding->targets);
  keep_net_admin();
  keep_descriptors(forwarding, &socket);
  report_to(socket);
  if (has_port(forwarding, true)) forwarding->device = udp_open(forwarding);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  send_message(socket, MESSAGE_READY, NULL, 0, -1);
  close(socket);
  report_to(-1);
  forward(forwarding);
}

struct publisher publish_start(const struct plan *plan, pid_t holder) {
  struct publisher publisher = {0, -1};
  const struct operation *wish;
  struct forwarding forwarding = {.device = -1};
  size_t from = 0;
  while (plan_next(plan, "publish", &from)) forwarding.count++;
  if (!forwarding.count) return publisher;
  forwarding.ports = calloc(forwarding.count, sizeof *forwarding.ports);
  if (!forwarding.ports) die("out of memory");
  from = 0;
  for (size_t i = 0; (wish = plan_next(plan, "publish", &from)); i++) forwarding.ports[i] = listen_at(wish);
  pid_t parent = getpid();
  publisher.pid = fork_with_socket(&publisher.socket);
  if (publisher.pid == 0) serve(plan, &forwarding, holder, publisher.socket, parent);
  for (size_t i = 0; i < forwarding.count; i++) close(forwarding.ports[i].listener);
  free(forwarding.ports);
  return publisher;
}

void publish_finish(struct publisher *publisher) {
  struct message message;
  if (!publisher->pid) return;
  if (!receive_message(publisher->socket, &message)) die("cannot publish ports: the process for it has ended");
  if (message.type != MESSAGE_READY) die_as("cannot publish ports: ", message.data);
  close(publisher->socket);
  publisher->socket = -1;
}

void publish_end(struct publisher *publisher) {
  if (publisher->socket >= 0) close(publisher->socket);
  publisher->socket = -1;
  if (publisher->pid <= 0) return;
  kill(publisher->pid, SIGKILL);
  waitpid(publisher->pid, NULL, 0);
  publisher->pid = 0;
}
