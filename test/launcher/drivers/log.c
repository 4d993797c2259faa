/* log OPERATION: logs, by an operation of the plan (`log PATH FORMAT …`, `journal SOCKET …`), what comes in standard input: a line `STREAM LENGTH`, then so many bytes, and so on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "log.h"
#include "message.h"

bool send_error(int socket, int code, const char *text, size_t length) {
  (void)socket, (void)code, (void)text, (void)length;
  return false;
}

/* plan.c, which isn't needed for more. */
long long number_of(const char *word) { return atoll(word); }
const struct operation *plan_find(const struct plan *plan, const char *name) {
  return plan->count && strcmp(plan->operations->words[0], name) == 0 ? plan->operations : NULL;
}

int main(int argc, char **argv) {
  struct operation operation = {argv + 1, (size_t)argc - 1};
  struct plan plan = {.role = "run", .operations = &operation, .count = 1};
  log_open(&plan);
  int stream;
  size_t length;
  while (scanf("%d %zu", &stream, &length) == 2) {
    char *data = malloc(length);
    if (getchar() != '\n' || fread(data, 1, length, stdin) != length) return 99;
    log_write(stream, data, length);
    free(data);
  }
  log_close();
  return 0;
}
