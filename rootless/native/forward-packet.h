/* IP packets of one UDP datagram each, as a tun device with IFF_VNET_HDR has them: RFC 768, 791 and 8200. */
#ifndef FORWARD_PACKET_H
#define FORWARD_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "forward-ends.h"

enum { PACKET_HEADERS = 10 + 40 + 8, PACKET_MAX = 10 + 65535 };

struct packet {
  union address from, to;
  unsigned char *data;
  size_t length;
};

/* Gives the size of what stands before `length` bytes of data; 0: too many for one packet. */
size_t packet_write(unsigned char headers[PACKET_HEADERS], const union address *from, const union address *to, size_t length);
/* False: it is something else, a part of a packet, or wrong. */
bool packet_read(unsigned char *bytes, size_t length, struct packet *packet);

#endif
