#define _GNU_SOURCE
#include "descriptors.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct rlimit allow_descriptors(void) {
  struct rlimit before = {0, 0}, raised;
  if (getrlimit(RLIMIT_NOFILE, &before) == 0 && before.rlim_cur < before.rlim_max) {
    raised = (struct rlimit){before.rlim_max, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &raised);
  }
  return before;
}

int keep_only_descriptors(int *fds, size_t count) {
  enum { FIRST = 3 };
  for (size_t i = 0; i < count; i++) fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST + (int)count);
  for (size_t i = 0; i < count; i++) {
    if (fds[i] < 0 || dup3(fds[i], FIRST + (int)i, O_CLOEXEC) < 0) return -1;
    fds[i] = FIRST + (int)i;
  }
  return (int)syscall(SYS_close_range, FIRST + (unsigned)count, ~0U, 0U);
}
