#define _GNU_SOURCE
#include "hub-names.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OWN_ADDRESSES = 16 };

struct member {
  struct member *next;
  const char *container, *lines; /* behind the network's id, which `text` begins with */
  struct member_address addresses[OWN_ADDRESSES];
  int count;
  char text[];
};

static struct member *members;
static const char *own_network = "";

/* A network whose members are told of; they are looked through one network after the other. */
struct view {
  const struct member *asker; /* in this process's network; NULL: nobody knows it */
  const struct member *other; /* the same container in another one */
};

void names_begin(const char *network) { own_network = network; }

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

bool parse_member_address(const char *text, struct member_address *address) {
  char plain[NAME_MAX_BYTES + 1];
  strcpy(plain, text);
  plain[strcspn(plain, "/")] = 0;
  memset(address, 0, sizeof *address);
  address->family = strchr(plain, ':') ? AF_INET6 : AF_INET;
  return inet_pton(address->family, plain, address->bytes) == 1;
}

/* The container's id behind the network's; NULL: it is not whole. */
static const char *second_word(const char *text, size_t length) {
  const char *end = memchr(text, 0, length);
  size_t left = end ? length - (size_t)(end + 1 - text) : 0;
  return left && memchr(end + 1, 0, left) ? end + 1 : NULL;
}

static struct member **find(const char *network, const char *container) {
  struct member **at = &members;
  while (*at && (strcmp((*at)->text, network) != 0 || strcmp((*at)->container, container) != 0)) at = &(*at)->next;
  return at;
}

static void each_own_address(const struct member *member, void (*call)(const char *address)) {
  char address[NAME_MAX_BYTES + 1];
  const char *from = member->lines;
  while (call && strcmp(member->text, own_network) == 0 && next_line(&from, 'A', address)) call(address);
}

void names_leave(const char *text, size_t length, void (*gone)(const char *address)) {
  const char *container = second_word(text, length);
  struct member **at = container ? find(text, container) : NULL;
  if (!at || !*at) return;
  struct member *member = *at;
  each_own_address(member, gone);
  *at = member->next;
  free(member);
}

void names_join(const char *text, size_t length, void (*come)(const char *address)) {
  if (!second_word(text, length)) return;
  struct member *member = malloc(sizeof *member + length + 1);
  if (!member) return;
  memcpy(member->text, text, length);
  member->text[length] = 0;
  member->container = second_word(member->text, length);
  member->lines = member->container + strlen(member->container) + 1;
  member->count = 0;
  char value[NAME_MAX_BYTES + 1];
  const char *from = member->lines;
  while (member->count < OWN_ADDRESSES && next_line(&from, 'A', value))
    if (parse_member_address(value, &member->addresses[member->count])) member->count++;
  struct member **at = find(member->text, member->container), *before = *at;
  member->next = before ? before->next : NULL;
  *at = member;
  free(before);
  each_own_address(member, come);
}

bool same_address(const struct member_address *one, const struct member_address *other) {
  return one->family == other->family && memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

static bool has_address(const struct member *member, const struct member_address *address) {
  for (int i = 0; i < member->count; i++)
    if (same_address(&member->addresses[i], address)) return true;
  return false;
}

static struct view begin_view(const struct member_address *asker) {
  const struct member *member = members;
  while (member && (strcmp(member->text, own_network) != 0 || !has_address(member, asker))) member = member->next;
  return (struct view){member, NULL};
}

/* The next network of the container that asks; NULL: that was the last. */
static const char *next_network(struct view *view) {
  if (!view->asker) return NULL;
  const struct member *member = view->other ? view->other->next : members;
  while (member && (member == view->asker || strcmp(member->container, view->asker->container) != 0)) member = member->next;
  view->other = member;
  return member ? member->text : NULL;
}

static bool is_called(const struct member *member, const char *name) {
  char own[NAME_MAX_BYTES + 1];
  const char *from = member->lines;
  size_t length = strlen(name);
  while (next_line(&from, 'N', own))
    if (strcasecmp(own, name) == 0) return true;
  return length >= 12 && strncasecmp(member->container, name, length) == 0;
}

static int find_in(const char *network, const char *name, struct member_address found[NAMES_ADDRESSES]) {
  int count = -1;
  for (const struct member *member = members; member; member = member->next) {
    if (strcmp(member->text, network) != 0 || !is_called(member, name)) continue;
    if (count < 0) count = 0;
    for (int i = 0; i < member->count && count < NAMES_ADDRESSES; i++) found[count++] = member->addresses[i];
  }
  return count;
}

int names_find(const struct member_address *asker, const char *name, struct member_address found[NAMES_ADDRESSES]) {
  struct view view = begin_view(asker);
  const char *network = own_network;
  int count = -1;
  for (; network && count < 0; network = next_network(&view)) count = find_in(network, name, found);
  return count;
}

bool names_reverse(const struct member_address *asker, const struct member_address *address, char name[NAME_MAX_BYTES + 1]) {
  struct view view = begin_view(asker);
  for (const char *network = own_network; network; network = next_network(&view))
    for (const struct member *member = members; member; member = member->next) {
      const char *from = member->lines;
      if (strcmp(member->text, network) == 0 && has_address(member, address)) return next_line(&from, 'N', name);
    }
  return false;
}

int names_servers(const struct member_address *asker, struct member_address servers[NAMES_SERVERS]) {
  struct view view = begin_view(asker);
  const char *from = view.asker ? view.asker->lines : "";
  char text[NAME_MAX_BYTES + 1];
  int count = 0;
  while (count < NAMES_SERVERS && next_line(&from, 'D', text)) count += parse_member_address(text, &servers[count]);
  return count;
}

bool names_elsewhere(const struct member_address *asker) {
  struct view view = begin_view(asker);
  return next_network(&view);
}
