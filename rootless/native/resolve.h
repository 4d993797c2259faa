/* The resolver of a bridge network: its sockets at the gateways' addresses, and what is passed on to the uplink's. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "hub-names.h"

enum { RESOLVE_PORT = 53, RESOLVE_ADDRESSES = 4 /* of gateways */, RESOLVE_POLLS = 1024 };

struct resolve_address {
  union {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
  };
  socklen_t size;
};

/* `text` may have a prefix. False: it is no address. */
bool resolve_parse(const char *text, int port, struct resolve_address *address);
struct member_address resolve_asker(const struct resolve_address *address);
/* The server to ask after `tried` others have failed, of those that the asker has. False: there is none, or none any more. */
bool resolve_own_server(const struct member_address *asker, int tried, int port, struct resolve_address *server);
/* A socket that asks a server, or has begun to connect to it; -1. */
int resolve_ask_socket(const struct resolve_address *server, int type);
/* A socket at `text`, of that type, not blocking: bound, or connected. Dies on an error. */
int resolve_socket(const char *text, int port, int type, bool serves);

/* Called between a question and its answer: who has come before that is known. */
void resolve_refresh(void);
/* The gateways' addresses: what is asked by IPv6 is asked from one of them. */
void resolve_from(const char *const *addresses, int count);
/* Serves until the descriptor `until` (-1: none) is readable; calls resolve_refresh() when `changes` is. */
void resolve_serve(int changes, int until);

/* Each: opens its sockets; `upstream` may be NULL. */
void resolve_udp_open(const char *const *addresses, int count, int port, const char *upstream);
void resolve_tcp_open(const char *const *addresses, int count, int port, const char *upstream);
/* Each: writes what it waits for, and how long at most (milliseconds, -1: for ever); gives the number. */
int resolve_udp_watch(struct pollfd *polls, int *timeout);
int resolve_tcp_watch(struct pollfd *polls, int *timeout);
/* Each: does what can be done now. */
void resolve_udp_serve(const struct pollfd *polls, int count);
void resolve_tcp_serve(const struct pollfd *polls, int count);

#endif
