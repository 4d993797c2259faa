/*
 * The resolver's sockets: serves 127.0.0.1 and ::1 at PORT for the members `web` (127.0.0.2) and, by TCP to be whole, 100
 * of the name `many`, until standard input ends. What isn't a member's name goes to UPSTREAM at the same port; what `far`
 * (127.0.0.3) asks, to 127.0.0.7, then 127.0.0.8.
 *   resolve PORT [UPSTREAM]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve.h"

static int refreshed;
void resolve_refresh(void) { refreshed++; }

int main(int argc, char **argv) {
  static const char web[] = "aaaa\0bbbb\0N web\nA 127.0.0.2\nA ::1\n";
  static const char far[] = "aaaa\0cccc\0N far\nA 127.0.0.3\nD 127.0.0.7\nD 127.0.0.8\n";
  const char *addresses[] = {"127.0.0.1/8", "::1/128"}, *upstream = argc > 2 ? argv[2] : NULL;
  int port = atoi(argv[1]);
  names_begin("aaaa");
  names_join(web, sizeof web - 1, NULL);
  names_join(far, sizeof far - 1, NULL);
  for (int i = 0; i < 100; i++) {
    char text[80];
    int length = snprintf(text, sizeof text, "aaaa%c%016x%cN many\nA 10.89.1.%d\n", 0, i, 0, i);
    names_join(text, (size_t)length, NULL);
  }
  resolve_udp_open(addresses, 2, port, upstream);
  resolve_tcp_open(addresses, 2, port, upstream);
  printf("ready\n");
  fflush(stdout);
  resolve_serve(-1, 0);
  return refreshed == 0;
}
