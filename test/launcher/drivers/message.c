/* message: messages over a pair, as they were sent. Prints a line for each check that fails. */
#define _GNU_SOURCE
#include "message.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define check(truth) \
  do { \
    if (!(truth)) printf("line %d: %s\n", __LINE__, #truth); \
  } while (0)

static int sockets[2];

static void plain(void) {
  struct message got;
  char all[256];
  for (int i = 0; i < 256; i++) all[i] = (char)i;
  check(send_message(sockets[0], MESSAGE_PID, all, sizeof all, -1));
  check(receive_message(sockets[1], &got));
  check(got.type == MESSAGE_PID && got.length == sizeof all && got.fd == -1);
  check(memcmp(got.data, all, sizeof all) == 0 && got.data[got.length] == 0);
  check(send_message(sockets[0], MESSAGE_GO, NULL, 0, -1));
  check(receive_message(sockets[1], &got));
  check(got.type == MESSAGE_GO && got.length == 0 && got.fd == -1);
}

static void whole_and_in_order(void) {
  struct message got;
  for (char i = 'a'; i <= 'e'; i++) check(send_message(sockets[0], MESSAGE_READY, &i, 1, -1));
  for (char i = 'a'; i <= 'e'; i++) check(receive_message(sockets[1], &got) && got.length == 1 && got.data[0] == i);
}

static void descriptors(void) {
  struct message got;
  struct stat sent, came;
  int fd = open("/dev/null", O_RDONLY);
  check(send_message(sockets[0], MESSAGE_READY, "x", 1, fd));
  check(receive_message(sockets[1], &got) && got.fd >= 0 && got.fd != fd);
  check(fstat(fd, &sent) == 0 && fstat(got.fd, &came) == 0 && sent.st_ino == came.st_ino && sent.st_dev == came.st_dev);
  check(fcntl(got.fd, F_GETFD) == FD_CLOEXEC);
  close(got.fd);
  check(!send_message(sockets[0], MESSAGE_READY, "x", 1, 99));
  close(fd);
}

static void too_long(void) {
  struct message got;
  static char large[8192];
  memset(large, 'x', sizeof large);
  check(send_message(sockets[0], MESSAGE_PID, large, sizeof large, -1));
  check(receive_message(sockets[1], &got) && got.length == sizeof got.data - 1 && got.data[got.length] == 0);
  check(send_error(sockets[0], 126, large, sizeof large));
  check(receive_message(sockets[1], &got) && got.type == MESSAGE_ERROR && got.length == 2304 && got.data[0] == 126);
}

static void the_end(void) {
  struct message got;
  close(sockets[0]);
  check(!receive_message(sockets[1], &got) && got.type == 0 && got.length == 0 && got.fd == -1);
  check(!send_message(sockets[1], MESSAGE_GO, NULL, 0, -1)); /* no SIGPIPE */
}

int main(void) {
  message_pair(sockets);
  check(fcntl(sockets[0], F_GETFD) == FD_CLOEXEC && fcntl(sockets[1], F_GETFD) == FD_CLOEXEC);
  plain();
  whole_and_in_order();
  descriptors();
  too_long();
  the_end();
  puts("end");
  return 0;
}
