/*
 * A monitor's side of the hub in DIR, for a hub that serves one user.
 *   hub-peer DIR join CONTAINER NETWORK PLAN [COMMAND...]: comes into a network, with a network namespace of its own in the
 *            hub's user namespace, and executes COMMAND there, which keeps it in; prints what the hub refuses it by.
 *   hub-peer DIR ask TYPE CONTAINER NETWORK PLAN: one request without being a member.
 *   hub-peer DIR rubbish RUNS SEED: so many messages of all kinds, spoiled, some with a descriptor.
 *   hub-peer DIR change RUNS CONTAINER NETWORK PLAN: comes in, and so many times tells its names anew, goes out and comes in.
 *   hub-peer DIR vain RUNS CONTAINER NETWORK PLAN: asks to come in so many times, at once after each refusal; prints all answers.
 *   hub-peer DIR crowd COUNT: so many connections, until standard input ends; prints how many were greeted, each within 4 seconds.
 *   hub-peer DIR filters 1: "yes" where the kernel can filter what members send, else "no".
 *   hub-peer DIR forge 1: what a process with all rights in a network namespace is told that answers a request of another one.
 *   hub-peer DIR mute COUNT: so many requests that are refused, none of which it reads, until standard input ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "die.h"
#include "message.h"
#include "netlink.h"

static int userns = -1;

static int connect_here(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
  struct message greeting;
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die_errno("cannot connect");
  if (!receive_message(fd, &greeting) || greeting.fd < 0) die("no greeting");
  if (userns >= 0) close(userns);
  userns = greeting.fd;
  return fd;
}

static bool ask(int fd, unsigned char type, char **words, int namespace) {
  char text[4000];
  size_t length = 0;
  for (int i = 0; i < 3; i++) length += (size_t)snprintf(text + length, sizeof text - length, "%s", words[i]) + 1;
  struct message answer;
  if (!send_message(fd, type, text, length, namespace) || !receive_message(fd, &answer)) die("no answer");
  if (answer.type == MESSAGE_ERROR) printf("%s", answer.data + 1);
  fflush(stdout);
  return answer.type == MESSAGE_STARTED;
}

/* A connection that keeps the container in, once it has come in. */
static int hold(const char *container, int *namespace) {
  int fd = connect_here();
  if (setns(userns, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNET) < 0) die_errno("cannot make a namespace");
  *namespace = open("/proc/self/ns/net", O_RDONLY);
  send_message(fd, MESSAGE_HOLD, container, strlen(container) + 1, -1);
  return fd;
}

static int come_in(char **argv, int *namespace) {
  int fd = hold(argv[0], namespace);
  if (!ask(fd, MESSAGE_ATTACH, argv, *namespace)) exit(1);
  return fd;
}

static int join(char **argv) {
  int namespace;
  come_in(argv, &namespace);
  if (argv[3]) execvp(argv[3], argv + 3);
  return argv[3] != NULL;
}

static int change(long runs, char **argv) {
  int namespace, fd = come_in(argv, &namespace);
  for (const unsigned char types[] = "CDA"; runs > 0; runs--)
    for (int i = 0; i < 3; i++)
      if (!ask(fd, types[i], argv, namespace)) return 1;
  printf("done\n");
  return 0;
}

static int vain(long runs, char **argv) {
  int namespace, fd = hold(argv[0], &namespace);
  while (runs-- > 0)
    if (ask(fd, MESSAGE_ATTACH, argv, namespace)) return 1;
  return 0;
}

static void await_end(const char *word) {
  char byte;
  printf("%s\n", word);
  fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
}

static int crowd(int count) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
  const struct timeval limit = {4, 0};
  struct message greeting;
  int greeted = 0;
  char word[24];
  for (int i = 0; i < count; i++) {
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die_errno("cannot connect");
    if (greeted < i || !receive_message(fd, &greeting)) continue;
    close(greeting.fd);
    greeted++;
  }
  snprintf(word, sizeof word, "%d", greeted);
  await_end(word);
  return 0;
}

static int filters(void) {
  const struct sock_filter all = {BPF_RET | BPF_K, 0, 0, 0};
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) die_errno("unshare");
  struct netlink netlink = netlink_open();
  puts(netlink_filter(&netlink, 1, &all, 1) ? "yes" : "no");
  return 0;
}

static int forge(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) die_errno("unshare");
  struct netlink netlink = netlink_open();
  struct sockaddr_nl address;
  socklen_t size = sizeof address;
  const struct nlmsghdr message = {.nlmsg_len = sizeof message, .nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 1};
  int other = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  if (getsockname(netlink.fd, (struct sockaddr *)&address, &size) < 0) die_errno("getsockname");
  puts(sendto(other, &message, sizeof message, 0, (struct sockaddr *)&address, size) < 0 ? strerror(errno) : "sent");
  return 0;
}

static int mute(int count) {
  int fd = connect_here();
  const struct timeval limit = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  while (count > 0 && send_message(fd, MESSAGE_ATTACH, "x", 1, -1)) count--;
  await_end("in");
  return 0;
}

static uint64_t state;
static unsigned chance(unsigned below) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % below;
}

static int rubbish(long runs, uint64_t seed) {
  static const char types[] = "ACDHJLEXS";
  static const char *const pieces[] = {"abc", "", "0123", "plan 1 run\n", "link eth0 02:00:00:00:00:01 0\n", "bridge 10.9.0.1/24\n",
                                       "address 10.9.0.9/24\n", "route nowhere\n", "\\999", "XYZ"};
  state = seed;
  int fd = connect_here();
  while (runs-- > 0) {
    char text[4000];
    size_t length = 0;
    for (unsigned count = chance(7); count > 0; count--)
      length += (size_t)snprintf(text + length, sizeof text - length, "%s", pieces[chance(10)]) + chance(2);
    if (chance(3) == 0)
      for (unsigned more = chance(600); more > 0; more--) text[length++] = (char)chance(256);
    int given = chance(2) ? open(chance(2) ? "/proc/self/ns/net" : "/dev/null", O_RDONLY) : -1;
    if (!send_message(fd, (unsigned char)types[chance(sizeof types - 1)], text, length, given) || chance(20) == 0) {
      close(fd);
      fd = connect_here();
    }
    if (given >= 0) close(given);
    char said[4096];
    while (recv(fd, said, sizeof said, MSG_DONTWAIT) > 0) continue;
  }
  printf("done\n");
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 4 || chdir(argv[1]) < 0) return 2;
  if (strcmp(argv[2], "crowd") == 0) return crowd(atoi(argv[3]));
  if (strcmp(argv[2], "filters") == 0) return filters();
  if (strcmp(argv[2], "forge") == 0) return forge();
  if (strcmp(argv[2], "mute") == 0) return mute(atoi(argv[3]));
  if (strcmp(argv[2], "change") == 0) return change(atol(argv[3]), argv + 4);
  if (strcmp(argv[2], "vain") == 0) return vain(atol(argv[3]), argv + 4);
  if (strcmp(argv[2], "join") == 0) return join(argv + 3);
  if (strcmp(argv[2], "rubbish") == 0) return rubbish(atol(argv[3]), strtoull(argv[4], NULL, 10));
  int fd = connect_here();
  return !ask(fd, (unsigned char)*argv[3], argv + 4, open("/proc/self/ns/net", O_RDONLY));
}
