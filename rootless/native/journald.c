#define _GNU_SOURCE
#include "journald.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "die.h"

static int journal = -1;
static bool stuck; /* it took nothing for a second: until it does again, nothing waits for it, and what it doesn't take is lost */
static char *fields; /* as they are sent, behind every message */
static size_t fields_length;

/* NAME=VALUE and a newline; with a newline in the value: NAME, newline, 64 bits of length, the value, newline. */
static void put_field(FILE *file, const char *word) {
  const char *equals = strchr(word, '=');
  if (!equals) bug("a field without a value");
  uint64_t length = strlen(equals + 1); /* little-endian, as is every machine we run on */
  if (!strchr(equals, '\n')) {
    fprintf(file, "%s\n", word);
    return;
  }
  fprintf(file, "%.*s\n", (int)(equals - word), word);
  fwrite(&length, sizeof length, 1, file);
  fprintf(file, "%s\n", equals + 1);
}

void journald_open(const struct operation *operation) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const struct timeval patience = {1, 0};
  const char *path = operation->words[1];
  if (strlen(path) >= sizeof address.sun_path) die("the path of journald's socket is too long: %s", path);
  strcpy(address.sun_path, path);
  journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (journal < 0 || connect(journal, (struct sockaddr *)&address, sizeof address) < 0) {
    set_hint("run it with --log-driver k8s-file");
    die_errno("cannot log to journald at %s", path);
  }
  setsockopt(journal, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  FILE *file = open_memstream(&fields, &fields_length);
  if (!file) die("out of memory");
  for (size_t i = 2; i < operation->count; i++) put_field(file, operation->words[i]);
  fclose(file);
}

static ssize_t send_now(const struct msghdr *message) {
  ssize_t sent;
  do sent = sendmsg(journal, message, MSG_NOSIGNAL | (stuck ? MSG_DONTWAIT : 0));
  while (sent < 0 && errno == EINTR);
  if (sent >= 0 || errno == EAGAIN) stuck = sent < 0;
  return sent;
}

/* What is too large for a datagram goes in a sealed file in memory. */
static void send_file(struct iovec *parts, int count) {
  char room[CMSG_SPACE(sizeof(int))] = {0};
  struct msghdr message = {.msg_control = room, .msg_controllen = sizeof room};
  int file = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return;
  if (writev(file, parts, count) > 0 && fcntl(file, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0) {
    struct cmsghdr *control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(control), &file, sizeof file);
    send_now(&message);
  }
  close(file);
}

void journald_write(int stream, const char *data, size_t length, bool ended) {
  static const char partial[] = "CONTAINER_PARTIAL_MESSAGE=true\n";
  const char *priority = stream == 2 ? "\nPRIORITY=3\n" : "\nPRIORITY=6\n"; /* err and info, as docker and conmon say */
  uint64_t size = length;
  struct iovec parts[] = {
      {"MESSAGE\n", 8},
      {&size, sizeof size},
      {(void *)data, length},
      {(void *)priority, strlen(priority)},
      {fields, fields_length},
      {(void *)partial, ended ? 0 : sizeof partial - 1},
  };
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = sizeof parts / sizeof *parts};
  if (journal < 0) return;
  if (send_now(&message) < 0 && (errno == EMSGSIZE || errno == ENOBUFS)) send_file(parts, sizeof parts / sizeof *parts);
}

void journald_close(void) {
  if (journal >= 0) close(journal);
  journal = -1;
  free(fields);
  fields = NULL;
}
