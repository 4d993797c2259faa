#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "die.h"
#include "roles.h"

int role_lock(const struct plan *plan) {
  const char *path = plan_word(plan, "lock", 1);
  if (!path) bug("no lock to take");
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) die_errno("cannot open the lock %s", path);
  while (flock(fd, LOCK_EX) < 0)
    if (errno != EINTR) die_errno("cannot lock %s", path);
  if (write(STDOUT_FILENO, "locked\n", 7) != 7) return 1;
  char byte;
  ssize_t got;
  do got = read(STDIN_FILENO, &byte, 1);
  while (got > 0 || (got < 0 && errno == EINTR));
  return 0;
}
