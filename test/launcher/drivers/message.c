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

/* What is more than the one that a message may have is not kept, and none that comes without a message. */
static void more_descriptors(void) {
  struct message got;
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(2 * sizeof(int))];
  } control;
  int next = dup(0), two[2] = {next, next};
  for (size_t length = 0; length < 2; length++) {
    struct iovec part = {"R", length};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    memset(&control, 0, sizeof control);
    control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof two)};
    memcpy(CMSG_DATA(&control.header), two, sizeof two);
    check(sendmsg(sockets[0], &header, 0) == (ssize_t)length);
    check(receive_message(sockets[1], &got) == (length == 1));
    check((got.fd >= 0) == (length == 1));
    if (got.fd >= 0) close(got.fd);
  }
  int after = dup(0);
  check(after == next + 1);
  close(after);
  close(next);
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
  more_descriptors();
  too_long();
  the_end();
  puts("end");
  return 0;
}
