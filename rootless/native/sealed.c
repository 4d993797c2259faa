#define _GNU_SOURCE
#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10u /* Linux 6.3 */
#endif

static const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

static bool is_sealed(int self) { return fcntl(self, F_GET_SEALS) == seals; }

static int sealed_copy(int self) {
  int copy = memfd_create("tsc-pod", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (copy < 0 && errno == EINVAL) copy = memfd_create("tsc-pod", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  struct stat about;
  if (copy < 0 || fstat(self, &about) < 0) die_errno("cannot make a copy of the launcher in memory");
  for (off_t offset = 0; offset < about.st_size;)
    if (sendfile(copy, self, &offset, (size_t)(about.st_size - offset)) <= 0)
      die_errno("cannot copy the launcher into memory");
  if (fchmod(copy, 0555) < 0 || fcntl(copy, F_ADD_SEALS, seals) < 0) die_errno("cannot seal the launcher");
  return copy;
}

void run_sealed(char **argv, char **environment) {
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0) die_errno("cannot open /proc/self/exe (is /proc mounted?)");
  if (!is_sealed(self)) {
    int copy = sealed_copy(self);
    syscall(SYS_execveat, copy, "", argv, environment, AT_EMPTY_PATH);
    die_errno("cannot execute the launcher from memory");
  }
  close(self);
  prctl(PR_SET_NAME, "tsc-pod");
  prctl(PR_SET_DUMPABLE, 0);
}
