#ifndef EVERYBODY_H
#define EVERYBODY_H

/*
 * Sends a signal to the process of a pidfd, the first of a pid namespace, and then to all others of that namespace at
 * once. For kill(2) with -1 the kernel lets no process fork meanwhile whose child would be missed (since Linux 4.19).
 */
void signal_everybody(int process, int number);

#endif
