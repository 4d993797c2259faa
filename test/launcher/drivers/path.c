/* path ROOT directory|file|parent|open PATH: what path.c does; prints where it led, or dies. */
#define _GNU_SOURCE
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

bool send_error(int socket, int code, const char *text, size_t length) {
  (void)socket, (void)code, (void)text, (void)length;
  return false;
}

int main(int argc, char **argv) {
  if (argc != 4) return 99;
  int root = open(argv[1], O_PATH | O_DIRECTORY), fd;
  const char *name = "";
  if (strcmp(argv[2], "directory") == 0) fd = make_mount_point(root, argv[3], true);
  else if (strcmp(argv[2], "file") == 0) fd = make_mount_point(root, argv[3], false);
  else if (strcmp(argv[2], "parent") == 0) fd = open_parent_in_root(root, argv[3], &name);
  else fd = open_in_root(root, argv[3], O_PATH);
  if (fd < 0) {
    puts(strerror(errno));
    return 1;
  }
  char link[40], target[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, target, sizeof target);
  printf("%.*s %s\n", (int)length, target, name);
  return 0;
}
