#define _GNU_SOURCE
#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "die.h"

union control {
  struct cmsghdr header; /* aligns the buffer */
  char bytes[CMSG_SPACE(sizeof(int))];
};

bool send_message(int socket, unsigned char type, const void *data, size_t length, int fd) {
  struct iovec parts[2] = {{&type, 1}, {(void *)data, length}};
  struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
  union control control;
  if (fd >= 0) {
    memset(&control, 0, sizeof control);
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  ssize_t sent;
  do sent = sendmsg(socket, &header, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent >= 0;
}

bool send_error(int socket, int code, const char *text, size_t length) {
  char payload[2304];
  if (length > sizeof payload - 1) length = sizeof payload - 1;
  payload[0] = (char)code;
  memcpy(payload + 1, text, length);
  return send_message(socket, MESSAGE_ERROR, payload, length + 1, -1);
}

bool receive_message(int socket, struct message *message) {
  struct iovec parts[2] = {{&message->type, 1}, {message->data, sizeof message->data - 1}};
  union control control;
  struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = control.bytes,
                          .msg_controllen = CMSG_LEN(sizeof(int)) /* with the padding there is room for two */};
  ssize_t got;
  do got = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  message->fd = -1;
  message->length = 0;
  struct cmsghdr *rights = got < 0 ? NULL : CMSG_FIRSTHDR(&header);
  if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS)
    memcpy(&message->fd, CMSG_DATA(rights), sizeof message->fd);
  if (got > 0) {
    message->length = (size_t)got - 1;
    message->data[message->length] = 0;
    return true;
  }
  if (message->fd >= 0) close(message->fd);
  message->fd = -1;
  message->type = 0;
  return false;
}

void message_pair(int sockets[2]) {
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) die_errno("socketpair");
}

pid_t fork_with_socket(int *socket) {
  int sockets[2];
  message_pair(sockets);
  pid_t pid = fork();
  if (pid < 0) die_errno("fork");
  close(sockets[pid == 0 ? 0 : 1]);
  *socket = sockets[pid == 0 ? 1 : 0];
  return pid;
}
