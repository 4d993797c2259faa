/*
 * journald SOCKET FIELD=VALUE...: is journald at SOCKET, and one who logs to it what comes in standard input, as in
 * log.c. What arrives is printed, each entry with an empty line behind it: the journal's export format. It reads nothing from
 * a line "stop" on, until "go on".
 */
#define _GNU_SOURCE
#include "journald.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "message.h"

static char room[1 << 20];

bool send_error(int socket, int code, const char *text, size_t length) {
  (void)socket, (void)code, (void)text, (void)length;
  return false;
}

static void show(int server) {
  char control[CMSG_SPACE(sizeof(int))];
  struct iovec part = {room, sizeof room};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(server, &message, MSG_DONTWAIT);
  struct cmsghdr *passed = CMSG_FIRSTHDR(&message);
  if (got == 0 && passed) {
    int file;
    memcpy(&file, CMSG_DATA(passed), sizeof file);
    got = pread(file, room, sizeof room, 0);
    fputs("FROM=memory\n", stdout);
    close(file);
  }
  if (got > 0) fwrite(room, 1, (size_t)got, stdout);
  puts("");
}

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct operation operation = {argv, (size_t)argc};
  int server = socket(AF_UNIX, SOCK_DGRAM, 0), stream;
  size_t length;
  strcpy(address.sun_path, argv[1]);
  if (argc > 2 && bind(server, (struct sockaddr *)&address, sizeof address) < 0) return 98;
  journald_open(&operation);
  for (bool reads = true;;) {
    int got = scanf("%d %zu", &stream, &length);
    if (got == 0 && scanf("%9[a-z ]\n", room) == 1) {
      reads = strcmp(room, "go on") == 0;
      for (int i = 0; reads && i < 1000; i++) recv(server, room, sizeof room, MSG_DONTWAIT);
      continue;
    }
    if (got != 2) break;
    char *data = malloc(length);
    if (getchar() != '\n' || fread(data, 1, length, stdin) != length) return 99;
    bool ended = length && data[length - 1] == '\n';
    journald_write(stream, data, length - ended, ended);
    if (reads) show(server);
    free(data);
  }
  journald_close();
  return 0;
}
