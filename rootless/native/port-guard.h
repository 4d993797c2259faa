#ifndef PORT_GUARD_H
#define PORT_GUARD_H

#include <linux/filter.h>
#include <stddef.h>

#include "hub-names.h"

enum { GUARD_ADDRESSES = 16, GUARD_MAX = 512 /* instructions */ };

/*
 * A classic BPF program, linux/Documentation/networking/filter.rst, over a frame that a member sends: gives TC_ACT_OK for one
 * from these addresses of its own (IPv6: or one of the link), in ARP and neighbour discovery too, TC_ACT_SHOT for all else.
 * Gives its length. Of more than GUARD_ADDRESSES only the first may be used.
 */
size_t guard_program(struct sock_filter code[GUARD_MAX], const struct member_address *addresses, int count);

#endif
