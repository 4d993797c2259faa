/*
 * plan -c TEXT | FILE: prints what the parser makes of a plan: the role and then each operation on a line, every word
 * as hexadecimal digits with a `.` behind it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "message.h"
#include "plan.h"

/* die.c wants it; there is no monitor here. */
bool send_error(int socket, int code, const char *text, size_t length) {
  (void)socket, (void)code, (void)text, (void)length;
  return false;
}

static void print_word(const char *word) {
  for (; *word; word++) printf("%02x", (unsigned char)*word);
  putchar('.');
}

int main(int argc, char **argv) {
  struct plan plan;
  size_t length;
  char *text;
  if (argc == 3) {
    length = strlen(argv[2]);
    text = argv[2];
  } else {
    char *read = plan_read_file(argv[1], &length);
    text = malloc(length + 1);
    memcpy(text, read, length + 1);
    free(read);
  }
  plan_parse(&plan, text, length);
  print_word(plan.role);
  putchar('\n');
  for (size_t i = 0; i < plan.count; i++) {
    const struct operation *operation = &plan.operations[i];
    if (operation->words[operation->count]) return 99;
    for (size_t word = 0; word < operation->count; word++) print_word(operation->words[word]);
    putchar('\n');
  }
  return 0;
}
