/*
 * Datagrams to ports of the host's are carried on to a container as packets from the client's own address, by a tun device
 * in the container's network namespace; what its published ports answer leaves by that device. No socket has the
 * client's port there, which would keep the container from binding it.
 */
#ifndef FORWARD_UDP_H
#define FORWARD_UDP_H

#include "forward.h"

/* For a listener that isn't bound yet: so it tells which of the host's addresses was asked. False: errno. */
bool udp_tell_address(int listener, int family);
/* Makes the device and its rules in this network namespace; gives the device. Dies on an error. */
int udp_open(struct forwarding *forwarding);
void udp_ask(const struct forward_port *port);
/* False: the device is gone. */
bool udp_answer(void);

#endif
