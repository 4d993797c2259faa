#define _GNU_SOURCE
#include "forward-packet.h"

#include <linux/virtio_net.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>

enum { HOPS = 64, LENGTH_MAX = 65535 /* of IPv4 with its header, of IPv6 without */ };

static uint32_t add_words(const void *bytes, size_t size) {
  uint32_t sum = 0;
  uint16_t word;
  for (size_t at = 0; at < size; at += sizeof word) {
    memcpy(&word, (const unsigned char *)bytes + at, sizeof word);
    sum += word;
  }
  return sum;
}

static uint16_t fold(uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)sum;
}

static size_t write_ipv4(unsigned char *at, const union address *from, const union address *to, size_t length) {
  struct ip header = {.ip_v = 4, .ip_hl = sizeof header / 4, .ip_ttl = HOPS, .ip_p = IPPROTO_UDP, .ip_off = htons(IP_DF)};
  header.ip_len = htons((uint16_t)(sizeof header + length));
  header.ip_src = from->four.sin_addr;
  header.ip_dst = to->four.sin_addr;
  header.ip_sum = (uint16_t)~fold(add_words(&header, sizeof header));
  memcpy(at, &header, sizeof header);
  return sizeof header;
}

static size_t write_ipv6(unsigned char *at, const union address *from, const union address *to, size_t length) {
  struct ip6_hdr header = {.ip6_src = from->six.sin6_addr, .ip6_dst = to->six.sin6_addr};
  header.ip6_vfc = 6 << 4;
  header.ip6_nxt = IPPROTO_UDP;
  header.ip6_hlim = HOPS;
  header.ip6_plen = htons((uint16_t)length);
  memcpy(at, &header, sizeof header);
  return sizeof header;
}

/* The sum of the data isn't in the checksum: the kernel adds that where the packet leaves it, if ever. */
size_t packet_write(unsigned char headers[PACKET_HEADERS], const union address *from, const union address *to, size_t length) {
  struct virtio_net_hdr before = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_offset = offsetof(struct udphdr, uh_sum)};
  struct udphdr udp = {.uh_sport = htons(address_port(from)), .uh_dport = htons(address_port(to))};
  bool four = to->any.sa_family == AF_INET;
  size_t whole = sizeof udp + length, addresses = four ? 8 : 32;
  if (whole > LENGTH_MAX - (four ? sizeof(struct ip) : 0)) return 0;
  unsigned char *ip = headers + sizeof before;
  size_t size = (four ? write_ipv4 : write_ipv6)(ip, from, to, whole);
  udp.uh_ulen = htons((uint16_t)whole);
  udp.uh_sum = fold(add_words(ip + size - addresses, addresses) + htons(IPPROTO_UDP) + udp.uh_ulen);
  before.csum_start = (uint16_t)size;
  memcpy(headers, &before, sizeof before);
  memcpy(ip + size, &udp, sizeof udp);
  return sizeof before + size + sizeof udp;
}

static size_t read_ipv4(const unsigned char *bytes, size_t length, struct packet *packet) {
  struct ip header;
  if (length < sizeof header) return 0;
  memcpy(&header, bytes, sizeof header);
  size_t size = header.ip_hl * 4u;
  if (size < sizeof header || ntohs(header.ip_len) != length || header.ip_p != IPPROTO_UDP || (ntohs(header.ip_off) & (IP_MF | IP_OFFMASK)))
    return 0;
  packet->from.four = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = header.ip_src};
  packet->to.four = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = header.ip_dst};
  return size;
}

static size_t read_ipv6(const unsigned char *bytes, size_t length, struct packet *packet) {
  struct ip6_hdr header;
  if (length < sizeof header) return 0;
  memcpy(&header, bytes, sizeof header);
  /* What is longer than the device carries comes in fragments: more than 65487 bytes. */
  if (header.ip6_nxt != IPPROTO_UDP || ntohs(header.ip6_plen) != length - sizeof header) return 0;
  packet->from.six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = header.ip6_src};
  packet->to.six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = header.ip6_dst};
  return sizeof header;
}

bool packet_read(unsigned char *bytes, size_t length, struct packet *packet) {
  struct udphdr udp;
  const size_t before = sizeof(struct virtio_net_hdr);
  if (length <= before) return false;
  bytes += before;
  length -= before;
  memset(packet, 0, sizeof *packet);
  int version = *bytes >> 4;
  size_t size = version == 4 ? read_ipv4(bytes, length, packet) : version == 6 ? read_ipv6(bytes, length, packet) : 0;
  if (!size || length < size + sizeof udp) return false;
  memcpy(&udp, bytes + size, sizeof udp);
  if (ntohs(udp.uh_ulen) != length - size) return false;
  set_address_port(&packet->from, ntohs(udp.uh_sport));
  set_address_port(&packet->to, ntohs(udp.uh_dport));
  packet->data = bytes + size + sizeof udp;
  packet->length = length - size - sizeof udp;
  return true;
}
