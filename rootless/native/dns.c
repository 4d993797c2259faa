#define _GNU_SOURCE
#include "dns.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hub-names.h"

enum { TYPE_A = 1, TYPE_PTR = 12, TYPE_AAAA = 28, TYPE_ANY = 255, CLASS_IN = 1, CLASS_ANY = 255 };
enum { NO_SUCH_NAME = 3, FLAG_ANSWER = 0x80, FLAG_AUTHORITY = 0x04, FLAG_CUT = 0x02, FLAG_RECURSION = 0x80 };
/* A client without EDNS takes no more, RFC 1035 section 4.2.1. */
enum { PLAIN_MAX = 512 };

struct question {
  char name[NAME_MAX_BYTES + 1]; /* with dots between the labels, none at the end */
  unsigned type, class;
  size_t end; /* of the question in the packet */
};

static unsigned read16(const unsigned char *at) { return (unsigned)at[0] << 8 | at[1]; }

static unsigned char *write16(unsigned char *at, unsigned value) {
  at[0] = (unsigned char)(value >> 8);
  at[1] = (unsigned char)value;
  return at + 2;
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
  return true;
}

static size_t begin_answer(const unsigned char *packet, size_t end, int code, unsigned char *answer) {
  memcpy(answer, packet, end);
  answer[2] = (unsigned char)(FLAG_ANSWER | FLAG_AUTHORITY | (packet[2] & 1));
  answer[3] = (unsigned char)(FLAG_RECURSION | code);
  memset(answer + 6, 0, 6); /* no records, no EDNS */
  return end;
}

/* Records follow the question, whose name they all have: a pointer to it. */
static bool add_record(unsigned char *answer, size_t *size, unsigned type, const unsigned char *data, size_t length) {
  if (*size + 12 + length > PLAIN_MAX) {
    answer[2] |= FLAG_CUT;
    return false;
  }
  unsigned char *at = write16(answer + *size, 0xc000 | DNS_HEADER);
  at = write16(at, type);
  at = write16(at, CLASS_IN);
  at = write16(write16(at, 0), 0); /* seconds that it may be kept: members come and go */
  at = write16(at, (unsigned)length);
  memcpy(at, data, length);
  *size += 12 + length;
  write16(answer + 6, read16(answer + 6) + 1);
  return true;
}

static size_t answer_addresses(const unsigned char *packet, const struct question *question, unsigned char *answer,
                               const struct member_address *found, int count) {
  size_t size = begin_answer(packet, question->end, 0, answer);
  for (int i = 0; i < count; i++) {
    bool six = found[i].family == AF_INET6;
    unsigned type = six ? TYPE_AAAA : TYPE_A;
    if (question->type != type && question->type != TYPE_ANY) continue;
    if (!add_record(answer, &size, type, found[i].bytes, six ? 16 : 4)) break;
  }
  return size;
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

static size_t answer_name(const unsigned char *packet, const struct question *question, unsigned char *answer, const char *name) {
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
  size_t size = begin_answer(packet, question->end, 0, answer);
  add_record(answer, &size, TYPE_PTR, data, length);
  return size;
}

enum dns_verdict dns_consider(const unsigned char *packet, size_t length, unsigned char *answer, size_t *size) {
  struct question question;
  struct member_address found[NAMES_ADDRESSES], address = {0};
  char name[NAME_MAX_BYTES + 1];
  if (!read_question(packet, length, &question)) return DNS_DROP;
  if (question.class != CLASS_IN && question.class != CLASS_ANY) return DNS_FORWARD;
  if (question.type == TYPE_PTR && (reverse4(question.name, &address) || reverse6(question.name, &address))) {
    if (!names_reverse(&address, name)) return DNS_FORWARD;
    *size = answer_name(packet, &question, answer, name);
    return DNS_ANSWER;
  }
  int count = names_find(question.name, found);
  /* A name of one label can only be a member's: the world outside is not told who is looked for. */
  if (count < 0 && *question.name && !strchr(question.name, '.')) {
    *size = begin_answer(packet, question.end, NO_SUCH_NAME, answer);
    return DNS_ANSWER;
  }
  if (count < 0) return DNS_FORWARD;
  *size = answer_addresses(packet, &question, answer, found, count);
  return DNS_ANSWER;
}

size_t dns_refuse(const unsigned char *packet, size_t length, int code, unsigned char *answer) {
  struct question question;
  if (!read_question(packet, length, &question)) return 0;
  return begin_answer(packet, question.end, code, answer);
}
