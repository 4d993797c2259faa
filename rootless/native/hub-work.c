#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "die.h"
#include "hub.h"
#include "message.h"
#include "netlink.h"
#include "port-guard.h"
#include "stream.h"

enum { READY_LIMIT_MS = 15000 };

static struct {
  const struct hub_request *request;
  const struct hub_place *place;
} work;

/* The network's one message stays where it is, for all that wait for it. */
static void await_network(int socket) {
  char said[2400];
  int ready = await_readable(socket, READY_LIMIT_MS);
  ssize_t got = ready > 0 ? recv(socket, said, sizeof said - 1, MSG_PEEK) : -1;
  if (got <= 0) die("cannot set up the network: %s", ready == 0 ? "it was not ready in time" : "its process has ended");
  if (said[0] == MESSAGE_READY) return;
  if (said[0] != MESSAGE_ERROR || got < 3) bug("message %c of a network", said[0]);
  said[got] = 0;
  die_as("", said + 1);
}

static void enter(int namespace) {
  if (setns(namespace, CLONE_NEWNET) < 0) die_errno("cannot enter a network namespace");
}

/* A kernel without such filters goes without. */
static void guard(struct netlink *netlink, unsigned port, const struct plan *plan) {
  struct member_address own[GUARD_ADDRESSES];
  struct sock_filter code[GUARD_MAX];
  const struct operation *one;
  size_t from = 0;
  int count = 0;
  while (count < GUARD_ADDRESSES && (one = plan_next(plan, "address", &from)))
    if (strlen(one->words[1]) <= NAME_MAX_BYTES && parse_member_address(one->words[1], &own[count])) count++;
  netlink_filter(netlink, port, code, guard_program(code, own, count));
}

static void add_device(const struct plan *plan, const struct hub_request *request, int namespace) {
  const struct operation *link = plan_find(plan, "link"), *one;
  if (!link) bug("no link");
  enter(request->namespace);
  struct netlink netlink = netlink_open();
  netlink_remove_link(&netlink, link->words[1]); /* of a network that was lost */
  netlink_close(&netlink);
  enter(namespace);
  netlink = netlink_open();
  struct veth veth = {HUB_BRIDGE, request->namespace, link->words[1], link->words[2], (unsigned)number_of(link->words[3])};
  guard(&netlink, netlink_make_veth(&netlink, &veth), plan);
  size_t from = 0;
  while ((one = plan_next(plan, "address", &from))) netlink_fix_neighbour(&netlink, HUB_BRIDGE, one->words[1], link->words[2]);
  netlink_close(&netlink);
  enter(request->namespace);
  netlink = netlink_open();
  from = 0;
  while ((one = plan_next(plan, "address", &from))) netlink_add_address(&netlink, link->words[1], one->words[1]);
  netlink_raise(&netlink, link->words[1]);
  netlink_close(&netlink);
}

static void add_routes(const struct plan *plan) {
  const struct operation *one;
  size_t from = 0;
  struct netlink netlink = netlink_open();
  while ((one = plan_next(plan, "route", &from))) netlink_add_default_route(&netlink, one->words[1], NULL);
  netlink_close(&netlink);
}

static void put_line(char **text, size_t *length, char kind, const char *value) {
  char *more = realloc(*text, *length + strlen(value) + 4);
  if (!more) die("out of memory");
  *text = more;
  *length += (size_t)sprintf(more + *length, "%c %s\n", kind, value);
}

/* The last that is said of it, in the name of the client: network id NUL container id NUL, and what is to follow. */
static bool tell(unsigned char type, const char *more, size_t length) {
  char text[sizeof((struct message *)0)->data];
  size_t first = strlen(work.request->network) + 1, second = strlen(work.request->container) + 1;
  if (first + second + length >= sizeof text) return false;
  memcpy(text, work.request->network, first);
  memcpy(text + first, work.request->container, second);
  if (length > 0) memcpy(text + first + second, more, length);
  return send_message(work.place->said, type, text, first + second + length, work.place->client);
}

static bool tell_error(int code, const char *text, size_t length) {
  char *payload = malloc(length + 1);
  if (!payload) return false;
  payload[0] = (char)code;
  memcpy(payload + 1, text, length);
  return tell(MESSAGE_ERROR, payload, length + 1);
}

static bool tell_joined(const struct plan *plan) {
  static const struct {
    const char *operation;
    char kind;
  } kinds[] = {{"name", 'N'}, {"address", 'A'}, {"dns", 'D'}};
  char *text = NULL;
  size_t length = 0;
  const struct operation *one;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    for (size_t from = 0; (one = plan_next(plan, kinds[i].operation, &from));) put_line(&text, &length, kinds[i].kind, one->words[1]);
  return tell(MESSAGE_JOIN, text, length);
}

static void remove_device(const struct plan *plan) {
  const char *device = plan_word(plan, "link", 1);
  if (!device) bug("no link");
  struct netlink netlink = netlink_open();
  netlink_remove_link(&netlink, device);
}

/* Who comes in is answered by the network, all others by the hub: when all know of it. So who is answered may come again at once. */
void hub_work(const struct hub_request *request, const struct hub_place *place) {
  struct plan plan;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  work.request = request;
  work.place = place;
  report_by(tell_error);
  char *text = strdup(request->text);
  if (!text) die("out of memory");
  plan_parse(&plan, text, strlen(text));
  await_network(place->network);
  if (request->type == MESSAGE_ATTACH) add_device(&plan, request, place->namespace);
  enter(request->namespace);
  bool detach = request->type == MESSAGE_DETACH;
  if (detach) remove_device(&plan);
  else add_routes(&plan);
  if (!(detach ? tell(MESSAGE_LEAVE, NULL, 0) : tell_joined(&plan))) die_errno("cannot talk to the hub");
  _exit(0);
}
