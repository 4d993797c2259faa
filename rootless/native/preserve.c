#define _GNU_SOURCE
#include "preserve.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned count;

/* What this program has opened itself is close-on-exec; what came through execve(2) is not. */
static int is_inherited(unsigned fd) {
  int flags = fcntl((int)fd, F_GETFD);
  return flags >= 0 && !(flags & FD_CLOEXEC);
}

void keep_preserved(const struct plan *plan) {
  const char *word = plan_word(plan, "preserve-fds", 1);
  unsigned wanted = word ? (unsigned)number_of(word) : 0;
  while (count < wanted && is_inherited(3 + count)) count++;
  syscall(SYS_close_range, first_own(), ~0u, 0u);
}

unsigned first_own(void) { return 3 + count; }

void let_go_of_preserved(void) {
  if (count) syscall(SYS_close_range, 3u, first_own() - 1, 0u);
  count = 0;
}
