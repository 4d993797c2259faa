/*
 * Who is in which network: the names that members have, and their addresses. Kept by the process of each network, of all
 * of them: who asks may be in several, and is told of all whom it shares one with.
 */
#ifndef HUB_NAMES_H
#define HUB_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { NAMES_ADDRESSES = 256, NAME_MAX_BYTES = 255, NAMES_SERVERS = 3 /* as many as libc asks: resolv.conf(5) */ };

struct member_address {
  int family; /* AF_INET, AF_INET6 */
  unsigned char bytes[16];
};

/* With or without a prefix; at most NAME_MAX_BYTES long. False: it is no address. */
bool parse_member_address(const char *text, struct member_address *address);
bool same_address(const struct member_address *one, const struct member_address *other);

/* The network that this process is of. */
void names_begin(const char *network);
/*
 * A member as a text: its network's id, a NUL, its container's id, a NUL, then lines `N name`, `A address` (or with a
 * prefix), and `D address` of a server that is asked for it. It takes the place of one with the same ids. Nothing is kept of a bad one.
 * Calls `come`, unless it is NULL, for each address that it has in this process's network.
 */
void names_join(const char *text, size_t length, void (*come)(const char *address));
/* As above, the ids alone. */
void names_leave(const char *text, size_t length, void (*gone)(const char *address));

/*
 * All addresses of the members of that name, or whose id begins so (12 digits at least), in the first network that has one:
 * this process's, then the others that `asker` is in. -1: there is no such member.
 */
int names_find(const struct member_address *asker, const char *name, struct member_address found[NAMES_ADDRESSES]);
/* The first name of the member that has this address in one of those networks. */
bool names_reverse(const struct member_address *asker, const struct member_address *address, char name[NAME_MAX_BYTES + 1]);
/* Servers that what it asks goes to, instead of the uplink's; in their order. 0: there are none. */
int names_servers(const struct member_address *asker, struct member_address servers[NAMES_SERVERS]);
/* Whether it is in another network too. */
bool names_elsewhere(const struct member_address *asker);

#endif
