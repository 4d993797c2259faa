#ifndef PACK_DATA_H
#define PACK_DATA_H

#include <stdbool.h>
#include <sys/stat.h>

/*
 * Writes the content of an open file of which `about` was written just before: exactly about->st_size bytes, whatever
 * becomes of it meanwhile; zeros for what it hasn't any more. Holes are told, not read. False: reading or writing failed.
 */
bool write_content(int fd, const struct stat *about);

#endif
