/* call WAY NUMBER [ARGUMENT]...: one system call; prints `ok`, or its errno. WAY is native, or i386 (int 0x80, x86 only). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  long word[7] = {0}, result;
  for (int i = 2; i < argc && i < 9; i++) word[i - 2] = (long)strtoull(argv[i], NULL, 0);
  if (argc > 1 && !strcmp(argv[1], "i386")) {
#ifdef __x86_64__
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(word[0]), "b"(word[1]), "c"(word[2]), "d"(word[3]), "S"(word[4]), "D"(word[5])
                     : "memory", "r8", "r9", "r10", "r11");
    if (result < 0) errno = (int)-result, result = -1;
#else
    return 2;
#endif
  } else {
    result = syscall(word[0], word[1], word[2], word[3], word[4], word[5], word[6]);
  }
  if (result == -1) printf("%d\n", errno);
  else printf("ok\n");
  return 0;
}
