/* Tables that move user or group ids: `FOUND:WANTED:SIZE[,...]`, as TypeScript's IdRange has them. */
#ifndef ID_TABLE_H
#define ID_TABLE_H

#include <stdbool.h>
#include <stddef.h>

enum { ID_RANGES = 340 /* what the kernel takes in a map, user_namespaces(7) */ };

struct id_table {
  size_t count;
  struct {
    unsigned found, wanted, size;
  } ranges[ID_RANGES];
};

void parse_id_table(const char *text, struct id_table *table);

/* False: the table has nothing for `id`, and *moved is left as it is. */
bool move_id(const struct id_table *table, unsigned id, unsigned *moved);
/* The other way: what is wanted becomes what was found. */
bool move_id_back(const struct id_table *table, unsigned id, unsigned *moved);

#endif
