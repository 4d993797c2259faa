/*
 * publish PORT: the ports from PORT on of 127.0.0.1 lead to what listens in a network namespace of its own (publish.c,
 * forward.c), until standard input ends. Prints the process id of the forwarder, then what each connection came to. By port:
 *   0 sends back what it gets, to the end     3 sends FLOOD bytes, then ends
 *   1 takes a byte, and resets                4 takes nothing
 *   2 counts what it gets, to the end         5 nobody listens there
 * UDP: 6 sends back what it gets after "ADDRESS ", or floods the forwarder's device with what is no answer ("junkPORT"), 7 nobody.
 */
#define _GNU_SOURCE
#include "publish.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"
#include "namespaces.h"
#include "netlink.h"

enum { PORTS = 6, UDP_PORTS = 2, FIRST = 80, FLOOD = 48 << 20, JUNK = 50000 };

int open_namespace(pid_t holder, const char *kind) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/ns/%s", holder, kind);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static void send_back(int fd) {
  static char bytes[1 << 16];
  ssize_t got;
  while ((got = read(fd, bytes, sizeof bytes)) > 0)
    for (ssize_t at = 0, put; at < got; at += put)
      if ((put = write(fd, bytes + at, (size_t)(got - at))) < 0) return;
}

static void count(int fd) {
  static char bytes[1 << 16];
  long long all = 0;
  ssize_t got;
  while ((got = read(fd, bytes, sizeof bytes)) > 0) all += got;
  dprintf(STDOUT_FILENO, "%s\n", got < 0 ? "broken" : "whole");
  dprintf(fd, "%lld", all);
}

static void reset(int fd) {
  const struct linger now = {1, 0};
  char byte;
  if (read(fd, &byte, 1) == 1) setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void flood(int fd) {
  static char bytes[1 << 16];
  for (size_t sent = 0; sent < FLOOD;) {
    ssize_t put = write(fd, bytes, FLOOD - sent < sizeof bytes ? FLOOD - sent : sizeof bytes);
    if (put < 0) return;
    sent += (size_t)put;
  }
}

static void hold(int fd) {
  (void)fd;
  pause();
}

static void serve(int port, void (*work)(int fd)) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int server = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 512) < 0) die_errno("listen");
  if (fork() > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  for (;;) {
    int fd = accept(server, NULL, NULL);
    if (fork() == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(server);
      work(fd);
      close(fd);
      _exit(0);
    }
    close(fd);
  }
}

/* Packets that are nearly an answer to that client, and such that would be one to another port. */
static void junk(const struct sockaddr_in *client, int port) {
  /* version, length, fragment, protocol, both addresses, port, length */
  static const unsigned char that_matter[] = {0, 2, 3, 7, 9, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 24, 25};
  const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = (int)if_nametoindex("tsc-udp")};
  int device = socket(AF_PACKET, SOCK_DGRAM, 0);
  for (int i = 0; i < JUNK; i++) {
    unsigned char packet[512] = {0};
    size_t length = i % 2 ? (size_t)random() % sizeof packet : sizeof(struct ip) + sizeof(struct udphdr) + 4;
    struct ip ip = {.ip_v = 4, .ip_hl = 5, .ip_ttl = 64, .ip_p = IPPROTO_UDP, .ip_dst = client->sin_addr, .ip_len = htons((unsigned short)length)};
    struct udphdr udp = {.uh_sport = htons(FIRST + PORTS), .uh_dport = client->sin_port, .uh_ulen = htons((unsigned short)(length - sizeof ip))};
    ip.ip_src.s_addr = inet_addr("10.77.0.2");
    if (i % 2 == 0) udp.uh_dport = htons((unsigned short)port);
    memcpy(packet, &ip, sizeof ip);
    memcpy(packet + sizeof ip, &udp, sizeof udp);
    if (i % 2) packet[that_matter[(size_t)random() % sizeof that_matter]] ^= (unsigned char)(1 + random() % 255);
    sendto(device, packet, length, 0, (const struct sockaddr *)&to, sizeof to);
  }
  close(device);
}

static void serve_udp(int port) {
  static char bytes[1 << 16];
  const size_t said = strlen("10.78.0.1 ");
  struct sockaddr_in client, address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int server = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0) die_errno("bind");
  if (fork() > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    socklen_t size = sizeof client;
    ssize_t got = recvfrom(server, bytes + said, sizeof bytes - said - 1, 0, (struct sockaddr *)&client, &size);
    bytes[said + (size_t)got] = 0;
    if (got > 4 && memcmp(bytes + said, "junk", 4) == 0) junk(&client, atoi(bytes + said + 4));
    inet_ntop(AF_INET, &client.sin_addr, bytes, sizeof bytes);
    bytes[strlen(bytes)] = ' ';
    sendto(server, bytes, said + (size_t)got, 0, (struct sockaddr *)&client, size);
  }
}

/* In a network of its own, where its addresses are those of "lo". */
static void be_container(int ready) {
  static void (*const works[])(int) = {send_back, reset, count, flood, hold};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) die_errno("unshare");
  struct netlink netlink = netlink_open();
  netlink_raise(&netlink, "lo");
  netlink_add_address(&netlink, "lo", "10.77.0.2/24");
  netlink_close(&netlink);
  for (int i = 0; i < PORTS - 1; i++) serve(FIRST + i, works[i]);
  serve_udp(FIRST + PORTS);
  if (write(ready, "", 1) != 1) _exit(1);
  for (;;) pause();
}

int main(int argc, char **argv) {
  static struct plan plan;
  char text[1024] = "plan 1 run\npublish-to 10.77.0.2 10.78.0.1\n", byte;
  int ready[2];
  if (argc < 2 || pipe(ready) < 0) return 2;
  for (int i = 0; i < PORTS + UDP_PORTS; i++) {
    const char *kind = i < PORTS ? "" : " udp";
    snprintf(text + strlen(text), sizeof text - strlen(text), "publish 127.0.0.1 %d %d%s\n", atoi(argv[1]) + i, FIRST + i, kind);
  }
  plan_parse(&plan, text, strlen(text));
  pid_t container = fork();
  if (container == 0) be_container(ready[1]);
  if (read(ready[0], &byte, 1) != 1) return 1;
  struct publisher publisher = publish_start(&plan, container);
  publish_finish(&publisher);
  dprintf(STDOUT_FILENO, "%d\n", publisher.pid);
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  bool lived = waitpid(publisher.pid, NULL, WNOHANG) == 0;
  publish_end(&publisher);
  kill(container, SIGKILL);
  return lived ? 0 : 3;
}
