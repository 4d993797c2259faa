/* Compiles rules with libseccomp. Reads words from stdin, writes struct sock_filter[] to stdout:
 *   default ACTION | arch NAME | foreign (not the machine's own arch) | rule ACTION NAME COUNT [INDEX OP A B]...   (numbers in hexadecimal)
 * or resolve NAME ARCH: writes NAME NUMBER, in decimal, where the architecture has it. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, int rc) {
  fprintf(stderr, "%s: %s\n", what, strerror(-rc));
  exit(1);
}

int main(void) {
  scmp_filter_ctx ctx = NULL;
  char word[64], name[64];
  unsigned action, count;
  int rc;
  while (scanf("%63s", word) == 1) {
    if (!strcmp(word, "default") && scanf("%x", &action) == 1) {
      ctx = seccomp_init(action);
    } else if (!strcmp(word, "arch") && scanf("%63s", name) == 1) {
      rc = seccomp_arch_add(ctx, seccomp_arch_resolve_name(name));
      if (rc < 0 && rc != -EEXIST) die(name, rc);
    } else if (!strcmp(word, "foreign")) {
      seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
    } else if (!strcmp(word, "resolve") && scanf("%63s %x", name, &action) == 2) {
      int found = seccomp_syscall_resolve_name_arch(action, name);
      if (found >= 0) printf("%s %d\n", name, found);
    } else if (!strcmp(word, "rule") && scanf("%x %63s %x", &action, name, &count) == 3) {
      struct scmp_arg_cmp args[6];
      for (unsigned i = 0; i < count; i++) {
        unsigned long long a, b;
        unsigned index, op;
        if (scanf("%x %x %llx %llx", &index, &op, &a, &b) != 4) die("args", -EINVAL);
        args[i] = (struct scmp_arg_cmp){index, op, a, b};
      }
      int number = seccomp_syscall_resolve_name(name);
      if (number == __NR_SCMP_ERROR) continue;
      rc = seccomp_rule_add_array(ctx, action, number, count, args);
      if (rc < 0) die(name, rc);
    }
  }
  if (!ctx) return 0;
  rc = seccomp_export_bpf(ctx, 1);
  if (rc < 0) die("export", rc);
  return 0;
}
