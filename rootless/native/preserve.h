/*
 * preserve-fds N: descriptors 3 to 2+N, which the caller has passed on, are the command's. The launcher's own are above
 * them: they are there from the beginning, and counted then.
 */
#ifndef PRESERVE_H
#define PRESERVE_H

#include "plan.h"

/* At the start of the program: keeps those that are there without a gap, and closes all other descriptors above 2. */
void keep_preserved(const struct plan *plan);
/* The first descriptor that isn't the command's. */
unsigned first_own(void);
/* Once the command has them: no copy of a pipe's end stays here. */
void let_go_of_preserved(void);

#endif
