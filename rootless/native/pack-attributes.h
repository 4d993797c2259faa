#ifndef PACK_ATTRIBUTES_H
#define PACK_ATTRIBUTES_H

#include <stdbool.h>

/* Writes the extended attributes of an open file or directory that an image can have. False: writing failed. */
bool write_attributes(int fd);

/*
 * The job `attributes`: paths come on standard input, each ended by a zero byte. For each a line of its attributes, " NAME=VALUE"
 * in hexadecimal digits; an empty one where it can't be opened.
 */
int job_attributes(void);

#endif
