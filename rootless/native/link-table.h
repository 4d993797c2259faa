#ifndef LINK_TABLE_H
#define LINK_TABLE_H

#include <stddef.h>
#include <sys/stat.h>

/* The first of the names of a file with several that was met: by device and inode. */
struct link_table {
  struct link **slots;
  size_t size, count;
};

/* The path noted for that file; NULL when it is new, and then `path` is noted for it. */
const char *first_name(struct link_table *table, const struct stat *about, const char *path);
void forget_links(struct link_table *table);

#endif
