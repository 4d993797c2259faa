#define _GNU_SOURCE
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From the end of the command's name, which may hold anything: ") S PPID ..."; NULL when there is no such process. */
static const char *stat_fields(pid_t pid, char text[1024]) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return NULL;
  ssize_t length = read(fd, text, 1023);
  close(fd);
  if (length <= 0) return NULL;
  text[length] = 0;
  return strrchr(text, ')');
}

static unsigned long long start_in(const char *field) {
  for (int i = 2; field && i < 22; i++) field = strchr(field + 1, ' ');
  return field ? strtoull(field + 1, NULL, 10) : 0;
}

unsigned long long start_time(pid_t pid) {
  char text[1024];
  return start_in(stat_fields(pid, text));
}

bool is_alive(pid_t pid, unsigned long long start) {
  char text[1024];
  const char *fields = stat_fields(pid, text);
  return fields && start && start_in(fields) == start && fields[2] != 'Z' && fields[2] != 'X';
}

int open_process(pid_t pid, unsigned long long start) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) return -1;
  if (start_time(pid) == start) return fd;
  close(fd);
  errno = ESRCH;
  return -1;
}

int open_running(const char *state, pid_t *pid) {
  unsigned long long start;
  FILE *file = fopen(state, "re");
  bool good = file && fscanf(file, "%d %llu", pid, &start) == 2;
  if (file) fclose(file);
  return good && is_alive(*pid, start) ? open_process(*pid, start) : -1;
}
