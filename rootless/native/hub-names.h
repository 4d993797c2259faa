/* Who is in a network: the names that its members have, and their addresses. Kept by the network's own process. */
#ifndef HUB_NAMES_H
#define HUB_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { NAMES_ADDRESSES = 32, NAME_MAX_BYTES = 255 };

struct member_address {
  int family; /* AF_INET, AF_INET6 */
  unsigned char bytes[16];
};

/*
 * A member as a text: its container's id, a NUL, then lines `N name` and `A address` (or with a prefix). It takes the
 * place of one with the same id. Nothing is kept of a bad one.
 */
void names_join(const char *text, size_t length);
/* Calls `forget`, unless it is NULL, for each of its addresses. */
void names_leave(const char *id, void (*forget)(const char *address));

/* All addresses of the members of that name, or whose id begins so (12 digits at least). -1: there is no such member. */
int names_find(const char *name, struct member_address found[NAMES_ADDRESSES]);
/* The first name of the member that has this address. */
bool names_reverse(const struct member_address *address, char name[NAME_MAX_BYTES + 1]);

#endif
