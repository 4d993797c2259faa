/*
 * The resolver's answers. Its members are in the code below.
 *   dns ask NAME TYPE [LAST-BYTE]: prints verdict, code and records of the answer to who has 10.89.0.2, or that last byte.
 *   dns many ROOM [STREAM]: of a name of 200 members, with EDNS unless ROOM is 0; or by TCP.
 *   dns left ID NAME: the same for a name when a member has left.
 *   dns fuzz RUNS SEED: so many spoiled questions; an answer must be whole, and no longer than a client takes.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns.h"

#define A "aaaa\0"
#define B "bbbb\0"
static const char web[] = A "0123456789abcdef0123\0N web\nN www.shop\nA 10.89.0.2/24\nA fd00::2/64\n";
static const char db[] = A "fedcba9876543210\0N db\nA 10.89.0.3\nA not an address\nX nonsense\nN \n";
/* It is in a second network, too, in which another `web` is, and `inner`. */
static const char again[] = B "fedcba9876543210\0N db\nA 10.90.0.3\n";
static const char other[] = B "cccccccccccccccc\0N web\nA 10.90.0.4\n";
static const char inner[] = B "dddddddddddddddd\0N inner\nA 10.90.0.5\n";
/* Who joins with it is not known to share anything. */
static const char spoilt[] = B "eeee";
static struct member_address asker = {AF_INET, {10, 89, 0, 2}};
static bool stream;

enum { MANY = 1 << 16 | 1 };

static size_t question(const char *name, unsigned type, unsigned char *packet) {
  static const unsigned char header[DNS_HEADER] = {0x12, 0x34, 1, 0, 0, 1};
  size_t length = DNS_HEADER;
  memcpy(packet, header, DNS_HEADER);
  while (*name) {
    size_t label = strcspn(name, ".");
    packet[length++] = (unsigned char)label;
    memcpy(packet + length, name, label);
    length += label;
    name += label + (name[label] == '.');
  }
  const unsigned char end[] = {0, (unsigned char)(type >> 8), (unsigned char)type, 0, 1};
  memcpy(packet + length, end, sizeof end);
  return length + sizeof end;
}

static int ask(const char *name, unsigned type, unsigned room) {
  unsigned char packet[DNS_MAX], answer[DNS_ANSWER_MAX];
  size_t size = 0, length = question(name, type, packet), end = length;
  if (room) {
    const unsigned char opt[11] = {0, 0, 41, (unsigned char)(room >> 8), (unsigned char)room};
    memcpy(packet + length, opt, sizeof opt);
    length += sizeof opt;
    packet[11] = 1;
  }
  const struct dns_question asked = {asker, stream, packet, length};
  enum dns_verdict verdict = dns_consider(&asked, answer, &size);
  printf("%s", verdict == DNS_ANSWER ? (answer[3] & 15 ? "nobody" : "answer") : verdict == DNS_FORWARD ? "forward" : "drop");
  size_t at = end;
  if (verdict == DNS_ANSWER && answer[2] & 2) printf(" cut");
  if (type == MANY) {
    printf(" %d in %zu%s\n", answer[6] << 8 | answer[7], size, answer[11] ? " edns" : "");
    return 0;
  }
  for (int left = verdict == DNS_ANSWER ? answer[7] : 0; left > 0; left--) {
    size_t data = (size_t)answer[at + 10] << 8 | answer[at + 11];
    char text[INET6_ADDRSTRLEN];
    at += 12;
    if (data == 4 || data == 16) printf(" %s", inet_ntop(data == 4 ? AF_INET : AF_INET6, answer + at, text, sizeof text));
    else printf(" %.*s", answer[at], answer + at + 1);
    at += data;
  }
  printf("\n");
  return verdict == DNS_ANSWER && at != size;
}

static void check(const unsigned char *packet, size_t length) {
  unsigned char *exact = malloc(length ? length : 1); /* so that a byte too far is seen */
  unsigned char *answer = malloc(DNS_ANSWER_MAX);
  size_t size = 0;
  memcpy(exact, packet, length);
  const struct dns_question asked = {asker, stream, exact, length};
  enum dns_verdict verdict = dns_consider(&asked, answer, &size);
  if (verdict == DNS_ANSWER && (size < DNS_HEADER || size > (stream ? DNS_ANSWER_MAX : 1232) || memcmp(answer, exact, 2) != 0 || !(answer[2] & 0x80))) abort();
  if (verdict == DNS_FORWARD) {
    size = dns_refuse(exact, length, 3, answer);
    if (size < DNS_HEADER || size > length || (answer[3] & 15) != 3) abort();
  }
  if (verdict == DNS_DROP && dns_refuse(exact, length, 3, answer) != 0) abort();
  free(exact);
  free(answer);
}

static uint64_t state;
static unsigned chance(unsigned below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % below;
}

static int fuzz(long runs, uint64_t seed) {
  static const char *const names[] = {"web", "WWW.shop", "2.0.89.10.in-addr.arpa", "0123456789ab", "x.example.org",
                                      "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa"};
  static const unsigned types[] = {1, 12, 28, 255, 15};
  state = seed;
  while (runs-- > 0) {
    unsigned char packet[DNS_MAX];
    size_t length = question(names[chance(6)], types[chance(5)], packet);
    for (unsigned changes = chance(6); changes > 0; changes--) packet[chance((unsigned)length)] = (unsigned char)chance(256);
    if (chance(4) == 0) length = chance((unsigned)length + 1);
    if (chance(8) == 0)
      for (unsigned more = chance(3000); more > 0 && length < DNS_MAX; more--) packet[length++] = (unsigned char)chance(256);
    stream = chance(2);
    asker.bytes[3] = (unsigned char)(2 + chance(3));
    check(packet, length);
  }
  printf("no failure\n");
  return 0;
}

/* A name that 200 members have. */
static void join_many(void) {
  for (int i = 0; i < 200; i++) {
    char text[128];
    int length = snprintf(text, sizeof text, "aaaa%c%016x%cN many\nA 10.89.1.%d\nA fd00::1:%x\n", 0, i, 0, i, i);
    names_join(text, (size_t)length, NULL);
  }
}

int main(int argc, char **argv) {
  names_begin("aaaa");
  names_join(web, sizeof web - 1, NULL);
  names_join(db, sizeof db - 1, NULL);
  names_join(again, sizeof again - 1, NULL);
  names_join(other, sizeof other - 1, NULL);
  names_join(inner, sizeof inner - 1, NULL);
  names_join(spoilt, sizeof spoilt - 1, NULL);
  if (strcmp(argv[1], "ask") == 0 && argc >= 4) {
    if (argc > 4) asker.bytes[3] = (unsigned char)atoi(argv[4]);
    return ask(argv[2], (unsigned)atoi(argv[3]), 0);
  }
  if (strcmp(argv[1], "many") == 0) {
    join_many();
    stream = argc > 3;
    return ask("many", MANY, (unsigned)atoi(argv[2]));
  }
  if (argc == 4 && strcmp(argv[1], "left") == 0) {
    char text[128];
    names_leave(text, (size_t)snprintf(text, sizeof text, "aaaa%c%s%c", 0, argv[2], 0), NULL);
    names_leave(spoilt, sizeof spoilt - 1, NULL);
    return ask(argv[3], 1, 0);
  }
  return fuzz(atol(argv[2]), strtoull(argv[3], NULL, 10));
}
