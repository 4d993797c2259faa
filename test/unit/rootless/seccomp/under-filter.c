/* under-filter PROGRAM.bpf COMMAND...: runs a command under a seccomp filter, as the launcher does. 125: not loaded. */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static struct sock_filter code[4096];
  FILE *file = argc > 2 ? fopen(argv[1], "re") : NULL;
  if (!file) return 125;
  struct sock_fprog program = {fread(code, sizeof *code, 4096, file), code};
  fclose(file);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) {
    perror("under-filter");
    return 125;
  }
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
