/* event LOG MAX-SIZE MAX-FILES SUBJECT ACTION COUNT: writes events ACTION with the attribute n=0, n=1 ...; `others WHEN`, `volume NAME` */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "message.h"

bool send_error(int socket, int code, const char *text, size_t length) {
  (void)socket, (void)code, (void)text, (void)length;
  return false;
}

int main(int argc, char **argv) {
  if (argc != 7) return 99;
  char *words[] = {"events", argv[1], argv[2], argv[3], argv[4], NULL}, *container[] = {"container", "cafe", "/dir", NULL};
  struct operation operations[] = {{words, 5}, {container, 3}};
  struct plan plan = {.role = "run", .operations = operations, .count = 2};
  if (strcmp(argv[5], "report") == 0) {
    event_reported(event_reporter(&plan, "exec_die", ",\"execID\":\"1\""), atoi(argv[6]));
    return 0;
  }
  if (strcmp(argv[5], "others") == 0) {
    event_write_others(&plan, argv[6]);
    return 0;
  }
  if (strcmp(argv[5], "volume") == 0) {
    event_volume_destroyed(&plan, argv[6]);
    return 0;
  }
  for (int n = 0; n < atoi(argv[6]); n++) {
    char extra[32];
    snprintf(extra, sizeof extra, ",\"n\":\"%d\"", n);
    event_write(&plan, argv[5], extra);
  }
  return 0;
}
