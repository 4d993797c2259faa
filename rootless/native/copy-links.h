#ifndef COPY_LINKS_H
#define COPY_LINKS_H

#include <stddef.h>
#include <sys/stat.h>

/* Where the first name of a file with several was copied to: by inode, of one file system. */
struct link_table {
  struct link **slots;
  size_t size, count;
};

/* The path noted for that inode; NULL when it is new, and then `path` is noted for it. */
const char *first_name(struct link_table *table, ino_t inode, const char *path);
void forget_links(struct link_table *table);

#endif
