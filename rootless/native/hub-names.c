#define _GNU_SOURCE
#include "hub-names.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct member {
  struct member *next;
  const char *lines; /* behind the id, which `text` begins with */
  char text[];
};

static struct member *members;

/* The value of the next line of that kind; *from goes behind it. NULL: there is none. */
static const char *next_line(const char **from, char kind, char value[NAME_MAX_BYTES + 1]) {
  while (**from) {
    const char *line = *from;
    size_t length = strcspn(line, "\n");
    *from = line + length + (line[length] == '\n');
    if (line[0] != kind || length < 3 || line[1] != ' ' || length - 2 > NAME_MAX_BYTES) continue;
    memcpy(value, line + 2, length - 2);
    value[length - 2] = 0;
    return value;
  }
  return NULL;
}

void names_leave(const char *id, void (*forget)(const char *address)) {
  for (struct member **at = &members; *at;) {
    struct member *member = *at;
    if (strcmp(member->text, id) != 0) {
      at = &member->next;
      continue;
    }
    char address[NAME_MAX_BYTES + 1];
    const char *from = member->lines;
    while (forget && next_line(&from, 'A', address)) forget(address);
    *at = member->next;
    free(member);
  }
}

void names_join(const char *text, size_t length) {
  const char *end = memchr(text, 0, length);
  if (!end) return;
  struct member *member = malloc(sizeof *member + length + 1);
  if (!member) return;
  memcpy(member->text, text, length);
  member->text[length] = 0;
  member->lines = member->text + (end - text) + 1;
  names_leave(member->text, NULL);
  member->next = members;
  members = member;
}

static bool parse(const char *text, struct member_address *address) {
  char plain[NAME_MAX_BYTES + 1];
  strcpy(plain, text);
  plain[strcspn(plain, "/")] = 0;
  memset(address, 0, sizeof *address);
  address->family = strchr(plain, ':') ? AF_INET6 : AF_INET;
  return inet_pton(address->family, plain, address->bytes) == 1;
}

static bool is_called(const struct member *member, const char *name) {
  char own[NAME_MAX_BYTES + 1];
  const char *from = member->lines;
  size_t length = strlen(name);
  while (next_line(&from, 'N', own))
    if (strcasecmp(own, name) == 0) return true;
  return length >= 12 && strncasecmp(member->text, name, length) == 0;
}

int names_find(const char *name, struct member_address found[NAMES_ADDRESSES]) {
  int count = -1;
  char text[NAME_MAX_BYTES + 1];
  for (const struct member *member = members; member; member = member->next) {
    if (!is_called(member, name)) continue;
    if (count < 0) count = 0;
    const char *from = member->lines;
    while (count < NAMES_ADDRESSES && next_line(&from, 'A', text))
      if (parse(text, &found[count])) count++;
  }
  return count;
}

bool names_reverse(const struct member_address *address, char name[NAME_MAX_BYTES + 1]) {
  for (const struct member *member = members; member; member = member->next) {
    const char *from = member->lines;
    struct member_address own;
    while (next_line(&from, 'A', name))
      if (parse(name, &own) && own.family == address->family && memcmp(own.bytes, address->bytes, sizeof own.bytes) == 0) {
        from = member->lines;
        return next_line(&from, 'N', name);
      }
  }
  return false;
}
