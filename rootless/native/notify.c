#define _GNU_SOURCE
#include "notify.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Nobody may listen any more: that is no reason to end a container. */
void notify_started(const struct plan *plan) {
  const char *path = plan_word(plan, "notify", 1), *mode = plan_word(plan, "notify", 2);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (!path || strlen(path) >= sizeof address.sun_path) return;
  memcpy(address.sun_path, path, strlen(path));
  if (*path == '@') address.sun_path[0] = 0; /* abstract, unix(7) */
  char text[64];
  int length = snprintf(text, sizeof text, "MAINPID=%d%s", getpid(), mode && strcmp(mode, "conmon") == 0 ? "\nREADY=1" : "");
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  sendto(fd, text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address,
         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
  close(fd);
}
