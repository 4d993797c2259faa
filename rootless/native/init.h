#ifndef INIT_H
#define INIT_H

/*
 * Process 1 of a container with --init: forks; the child returns, to execute the command, while the parent
 * stays, reaps what is left to it, hands signals on, and ends as the child ended.
 */
void become_init(void);

#endif
