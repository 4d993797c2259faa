#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"
#include "hub.h"
#include "hub-uplink6.h"
#include "message.h"
#include "netlink.h"
#include "network.h"
#include "spawn.h"

struct uplink {
  pid_t pid; /* 0: none */
  int ready, said, alive;
};

/* `uplink ARGV...`: it is started in the host's network, and has the namespace at descriptor 0. */
static struct uplink start_uplink(const struct plan *plan, int namespace) {
  const struct operation *wish = plan_find(plan, "uplink");
  struct uplink uplink = {0, -1, -1, -1};
  int ready[2], alive[2];
  if (!wish) return uplink;
  if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(alive, O_CLOEXEC) < 0) die_errno("pipe");
  uplink.said = catcher();
  struct spawn what = {wish->words + 1, {namespace, uplink.said, uplink.said, ready[1], alive[0]}};
  uplink.pid = spawn(&what);
  if (uplink.pid < 0) die_errno("fork");
  close(ready[1]);
  close(alive[0]);
  uplink.ready = ready[0];
  uplink.alive = alive[1]; /* stays open as long as this process lives */
  return uplink;
}

static void make_bridge(const struct plan *plan) {
  const struct operation *wish = plan_find(plan, "bridge"), *link = plan_find(plan, "link");
  if (!wish || !link) bug("no bridge");
  struct netlink netlink = netlink_open();
  netlink_raise(&netlink, "lo");
  netlink_make_bridge(&netlink, HUB_BRIDGE, (unsigned)number_of(link->words[3]));
  for (size_t i = 1; i < wish->count; i++) netlink_add_address(&netlink, HUB_BRIDGE, wish->words[i]);
  netlink_raise(&netlink, HUB_BRIDGE);
  netlink_close(&netlink);
  /* Whoever sends from an address that isn't of this network is not heard. */
  set_network_sysctl("ipv4/conf/" HUB_BRIDGE "/rp_filter", "1");
}

void hub_prepare_namespace(void) {
  set_network_sysctl("ipv6/conf/default/accept_dad", "0");
  set_network_sysctl("ipv6/conf/default/accept_ra", "0");
}

/*
 * libslirp asks by ARP for each container that it has something for: this end answers for them, arp(7). At once: for a
 * proxy the kernel waits up to 0.8 s, and libslirp lets go after one what several wait for.
 */
static void let_through(const struct plan *plan, const struct uplink *uplink) {
  if (!uplink->pid) return;
  set_network_sysctl("ipv4/neigh/" HUB_TAP "/proxy_delay", "0");
  set_network_sysctl("ipv4/conf/" HUB_TAP "/proxy_arp", "1");
  set_network_sysctl("ipv4/ip_forward", "1");
  uplink6_open(plan);
}

void hub_network(const char *id, const char *text, int namespace, int socket) {
  struct plan plan;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "tsc-pod network");
  report_to(socket);
  char *own = strdup(text);
  if (!own) die("out of memory");
  plan_parse(&plan, own, strlen(own));
  struct uplink uplink = start_uplink(&plan, namespace);
  if (setns(namespace, CLONE_NEWNET) < 0) die_errno("cannot enter the network's namespace");
  make_bridge(&plan);
  if (uplink.pid)
    network_await(plan_word(&plan, "uplink", 1), uplink.ready, uplink.said, "run `tsc-pod doctor`, or make the network with --internal");
  let_through(&plan, &uplink);
  hub_resolve(id, &plan, socket, uplink.pid ? (int)syscall(SYS_pidfd_open, uplink.pid, 0) : -1);
}
