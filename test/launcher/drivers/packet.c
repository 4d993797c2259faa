/*
 * packet RUNS SEED: forward-packet.c with packets that it has written, then with such that were changed and cut, each in
 * memory of its own size. Ends with 3 where something doesn't hold.
 */
#define _GNU_SOURCE
#include "forward-packet.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRANSPORT = 8, FOUR_MAX = 65535 - 20 - TRANSPORT, SIX_MAX = 65535 - TRANSPORT, SOME = 200 };

static uint64_t state;

static unsigned chance(unsigned below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % below;
}

static void must(bool good, const char *what) {
  if (good) return;
  printf("%s\n", what);
  exit(3);
}

static union address some_address(bool six) {
  union address address = {0};
  unsigned char *bytes = six ? address.six.sin6_addr.s6_addr : (unsigned char *)&address.four.sin_addr;
  address.any.sa_family = six ? AF_INET6 : AF_INET;
  for (int i = 0; i < (six ? 16 : 4); i++) bytes[i] = (unsigned char)chance(256);
  set_address_port(&address, (unsigned short)chance(65536));
  return address;
}

static unsigned char *copy(const unsigned char *bytes, size_t length) {
  unsigned char *own = malloc(length);
  if (!own) abort();
  return memcpy(own, bytes, length);
}

static bool same(const union address *one, const union address *other) {
  return same_host(one, other) && address_port(one) == address_port(other);
}

/* Gives the length of the whole. */
static size_t write_whole(unsigned char *whole, bool six, size_t length) {
  const union address from = some_address(six), to = some_address(six);
  struct packet packet;
  unsigned char headers[PACKET_HEADERS];
  size_t size = packet_write(headers, &from, &to, length);
  must(size == (six ? 10 + 40 + TRANSPORT : 10 + 20 + TRANSPORT), "headers of another size");
  memcpy(whole, headers, size);
  for (size_t i = 0; i < length; i++) whole[size + i] = (unsigned char)i;
  unsigned char *own = copy(whole, size + length);
  must(packet_read(own, size + length, &packet), "what was written isn't read");
  must(same(&packet.from, &from) && same(&packet.to, &to), "another address");
  must(packet.data == own + size && packet.length == length, "other data");
  free(own);
  return size + length;
}

/* Its length as the IP header tells it. */
static void tell_length(unsigned char *whole, bool six, size_t length) {
  size_t told = length - 10 - (six ? 40 : 0);
  whole[10 + (six ? 4 : 2)] = (unsigned char)(told >> 8);
  whole[10 + (six ? 5 : 3)] = (unsigned char)told;
}

static void read_changed(unsigned char *whole, bool six, size_t length) {
  struct packet packet;
  for (unsigned changes = chance(4); changes > 0; changes--) whole[chance((unsigned)(length < 70 ? length : 70))] = (unsigned char)chance(256);
  if (chance(3) == 0) length = 1 + chance((unsigned)length);
  if (chance(2)) tell_length(whole, six, length);
  unsigned char *own = copy(whole, length);
  if (packet_read(own, length, &packet)) {
    must(packet.data >= own && packet.data + packet.length == own + length, "data outside of the packet");
    must(packet.from.any.sa_family == packet.to.any.sa_family, "two families");
    six = packet.from.any.sa_family == AF_INET6;
    must(packet.data >= own + 10 + (six ? 40 : 20) + TRANSPORT, "data within the headers");
    memcpy(whole, own, length);
    tell_length(whole, six, length);
    must(memcmp(whole, own, length) == 0, "another length than it tells");
  }
  free(own);
}

int main(int argc, char **argv) {
  static unsigned char whole[PACKET_HEADERS + SIX_MAX], headers[PACKET_HEADERS];
  if (argc < 3) return 2;
  state = strtoull(argv[2], NULL, 10);
  write_whole(whole, false, FOUR_MAX);
  write_whole(whole, true, SIX_MAX);
  for (int six = 0; six < 2; six++) {
    const union address one = some_address(six);
    must(!packet_write(headers, &one, &one, (six ? SIX_MAX : FOUR_MAX) + 1), "more than a packet holds");
  }
  for (long runs = atol(argv[1]); runs > 0; runs--) {
    bool six = chance(2);
    read_changed(whole, six, write_whole(whole, six, chance(SOME)));
  }
  printf("no failure\n");
  return 0;
}
