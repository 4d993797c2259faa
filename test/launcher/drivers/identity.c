/* identity PID [START [alive]]: its start time, or with START `there` or `gone`, or whether it is more than a zombie. */
#include "identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc == 2) printf("%llu\n", start_time(atoi(argv[1])));
  else if (argc == 4) puts(is_alive(atoi(argv[1]), strtoull(argv[2], NULL, 10)) ? "alive" : "not");
  else puts(open_process(atoi(argv[1]), strtoull(argv[2], NULL, 10)) >= 0 ? "there" : errno == ESRCH ? "gone" : "?");
  return 0;
}
