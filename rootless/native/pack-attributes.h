#ifndef PACK_ATTRIBUTES_H
#define PACK_ATTRIBUTES_H

#include <stdbool.h>

/* Writes the extended attributes of an open file or directory that an image can have. False: writing failed. */
bool write_attributes(int fd);

#endif
