#define _GNU_SOURCE
#include "dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_OPT = 41, TYPE_ANY = 255, CLASS_IN = 1, CLASS_ANY = 255 };
enum { FLAG_ANSWER = 0x80, FLAG_AUTHORITY = 0x04, FLAG_CUT = 0x02, FLAG_RECURSION = 0x80 };
/* What a client takes by UDP, RFC 1035 section 4.2.1; with EDNS, RFC 6891, what it says, but no more than goes in one piece. */
enum { PLAIN_MAX = 512, EDNS_MAX = 1232, OPT_SIZE = 11 };

struct question {
  char name[NAME_MAX_BYTES + 1]; /* with dots between the labels, none at the end */
  unsigned type, class;
  size_t end; /* of the question in the packet */
  bool edns;
  size_t room; /* for an answer by UDP */
};

/* What is written: the header counts the records. */
struct answer {
  unsigned char *bytes;
  size_t size, room;
};

static unsigned read16(const unsigned char *at) { return (unsigned)at[0] << 8 | at[1]; }

static unsigned char *write16(unsigned char *at, unsigned value) {
  at[0] = (unsigned char)(value >> 8);
  at[1] = (unsigned char)value;
  return at + 2;
}

/* Its record stands right behind the question where there is one: nobody sends any other. */
static void read_edns(const unsigned char *packet, size_t length, struct question *question) {
  const unsigned char *at = packet + question->end;
  question->edns = read16(packet + 10) > 0 && question->end + OPT_SIZE <= length && !at[0] && read16(at + 1) == TYPE_OPT;
  question->room = question->edns ? read16(at + 3) : PLAIN_MAX;
  if (question->room < PLAIN_MAX) question->room = PLAIN_MAX;
  if (question->room > EDNS_MAX) question->room = EDNS_MAX;
}

/* False for what is no single, plain question. A compressed name has no place in one. */
static bool read_question(const unsigned char *packet, size_t length, struct question *question) {
  if (length < DNS_HEADER + 5 || length > DNS_MAX) return false;
  if (packet[2] & 0xf8) return false; /* an answer, or another operation than QUERY */
  if (read16(packet + 4) != 1 || read16(packet + 6) || read16(packet + 8)) return false;
  size_t at = DNS_HEADER, have = 0;
  while (at < length && packet[at]) {
    size_t label = packet[at++];
    if (label > 63 || at + label >= length || have + label + 1 > NAME_MAX_BYTES) return false;
    if (have) question->name[have++] = '.';
    for (size_t i = 0; i < label; i++) {
      unsigned char byte = packet[at + i];
      /* A dot or a NUL within a label would make it look like another name. */
      question->name[have++] = byte == '.' || byte <= ' ' || byte >= 0x7f ? '?' : (char)byte;
    }
    at += label;
  }
  if (at + 5 > length) return false;
  question->name[have] = 0;
  question->type = read16(packet + at + 1);
  question->class = read16(packet + at + 3);
  question->end = at + 5;
  read_edns(packet, length, question);
  return true;
}

static size_t begin_answer(const unsigned char *packet, size_t end, int code, unsigned char *answer) {
  memcpy(answer, packet, end);
  answer[2] = (unsigned char)(FLAG_ANSWER | FLAG_AUTHORITY | (packet[2] & 1));
  answer[3] = (unsigned char)(FLAG_RECURSION | code);
  memset(answer + 6, 0, 6); /* no records, no EDNS */
  return end;
}

static struct answer begin(const struct dns_question *asked, const struct question *question, unsigned char *bytes) {
  size_t room = asked->stream ? DNS_ANSWER_MAX : question->room;
  return (struct answer){bytes, begin_answer(asked->packet, question->end, 0, bytes), room - (question->edns ? OPT_SIZE : 0)};
}

static size_t finish(const struct question *question, struct answer *answer) {
  if (!question->edns) return answer->size;
  unsigned char *at = answer->bytes + answer->size;
  memset(at, 0, OPT_SIZE);
  write16(write16(at + 1, TYPE_OPT), EDNS_MAX);
  write16(answer->bytes + 10, 1);
  return answer->size + OPT_SIZE;
}

/* Records follow the question, whose name they all have: a pointer to it. */
static bool add_record(struct answer *answer, unsigned type, const unsigned char *data, size_t length) {
  if (answer->size + 12 + length > answer->room) {
    answer->bytes[2] |= FLAG_CUT;
    return false;
  }
  unsigned char *at = write16(answer->bytes + answer->size, 0xc000 | DNS_HEADER);
  at = write16(at, type);
  at = write16(at, CLASS_IN);
  at = write16(write16(at, 0), 0); /* seconds that it may be kept: members come and go */
  at = write16(at, (unsigned)length);
  memcpy(at, data, length);
  answer->size += 12 + length;
  write16(answer->bytes + 6, read16(answer->bytes + 6) + 1);
  return true;
}

/* Another one is first each time: most clients take that. */
static void add_addresses(struct answer *answer, const struct question *question, const struct member_address *found, int count) {
  static unsigned turn;
  unsigned first = turn++;
  for (unsigned i = 0; i < (unsigned)count; i++) {
    const struct member_address *one = &found[(first + i) % (unsigned)count];
    bool six = one->family == AF_INET6;
    unsigned type = six ? TYPE_AAAA : TYPE_A;
    if (question->type != type && question->type != TYPE_ANY) continue;
    if (!add_record(answer, type, one->bytes, six ? 16 : 4)) break;
  }
}

/* 4.3.2.1.in-addr.arpa */
static bool reverse4(const char *name, struct member_address *address) {
  unsigned part[4];
  int used = 0;
  if (sscanf(name, "%3u.%3u.%3u.%3u.%n", part, part + 1, part + 2, part + 3, &used) != 4 || !used) return false;
  if (strcasecmp(name + used, "in-addr.arpa") != 0) return false;
  address->family = AF_INET;
  for (int i = 0; i < 4; i++) {
    if (part[i] > 255) return false;
    address->bytes[3 - i] = (unsigned char)part[i];
  }
  return true;
}

/* 32 hexadecimal digits with dots, the last of the address first, then ip6.arpa. */
static bool reverse6(const char *name, struct member_address *address) {
  if (strlen(name) != 64 + 8 || strcasecmp(name + 64, "ip6.arpa") != 0) return false;
  address->family = AF_INET6;
  for (int i = 0; i < 32; i++) {
    const char digit[2] = {name[2 * i], 0};
    if (name[2 * i + 1] != '.' || !strchr("0123456789abcdefABCDEF", digit[0])) return false;
    unsigned value = (unsigned)strtoul(digit, NULL, 16);
    address->bytes[15 - i / 2] |= (unsigned char)(i % 2 ? value << 4 : value);
  }
  return true;
}

static void add_name(struct answer *answer, const char *name) {
  unsigned char data[NAME_MAX_BYTES + 2];
  size_t length = 0;
  for (const char *label = name; *label;) {
    size_t size = strcspn(label, ".");
    if (size == 0 || size > 63 || length + size + 2 > sizeof data) break;
    data[length++] = (unsigned char)size;
    memcpy(data + length, label, size);
    length += size;
    label += size + (label[size] == '.');
  }
  data[length++] = 0;
  add_record(answer, TYPE_PTR, data, length);
}

enum dns_verdict dns_consider(const struct dns_question *asked, unsigned char *bytes, size_t *size) {
  struct question question;
  struct member_address found[NAMES_ADDRESSES], address = {0};
  char name[NAME_MAX_BYTES + 1];
  if (!read_question(asked->packet, asked->length, &question)) return DNS_DROP;
  if (question.class != CLASS_IN && question.class != CLASS_ANY) return DNS_FORWARD;
  struct answer answer = begin(asked, &question, bytes);
  if (question.type == TYPE_PTR && (reverse4(question.name, &address) || reverse6(question.name, &address))) {
    if (!names_reverse(&asked->asker, &address, name)) return DNS_FORWARD;
    add_name(&answer, name);
  } else {
    int count = names_find(&asked->asker, question.name, found);
    /* A name of one label can only be a member's: the world outside is not told who is looked for. */
    bool outside = !*question.name || strchr(question.name, '.');
    if (count < 0 && outside) return DNS_FORWARD;
    if (count < 0) bytes[3] = (unsigned char)(FLAG_RECURSION | DNS_NO_SUCH_NAME);
    add_addresses(&answer, &question, found, count < 0 ? 0 : count);
  }
  *size = finish(&question, &answer);
  return DNS_ANSWER;
}

size_t dns_refuse(const unsigned char *packet, size_t length, int code, unsigned char *answer) {
  struct question question;
  if (!read_question(packet, length, &question)) return 0;
  return begin_answer(packet, question.end, code, answer);
}
