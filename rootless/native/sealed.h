#ifndef SEALED_H
#define SEALED_H

/*
 * Goes on from a sealed copy of this program in memory, so that no container can write to the file
 * through /proc/PID/exe (CVE-2019-5736). Returns at once in the copy. memfd_create(2), fcntl(2) F_ADD_SEALS.
 */
void run_sealed(char **argv, char **environment);

#endif
