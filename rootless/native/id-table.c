#include "id-table.h"

#include <stdio.h>

#include "die.h"

void parse_id_table(const char *text, struct id_table *table) {
  table->count = 0;
  for (const char *at = text; *at;) {
    unsigned found, wanted, size;
    int used = 0;
    if (table->count == ID_RANGES) bug("too many owners");
    if (sscanf(at, "%u:%u:%u%n", &found, &wanted, &size, &used) != 3) bug("bad owners %.40s", text);
    table->ranges[table->count].found = found;
    table->ranges[table->count].wanted = wanted;
    table->ranges[table->count++].size = size;
    at += used;
    if (*at && *at++ != ',') bug("bad owners %.40s", text);
  }
}

static bool move(unsigned id, unsigned from, unsigned to, unsigned size, unsigned *moved) {
  if (id < from || id - from >= size) return false;
  *moved = to + (id - from);
  return true;
}

bool move_id(const struct id_table *table, unsigned id, unsigned *moved) {
  for (size_t i = 0; i < table->count; i++)
    if (move(id, table->ranges[i].found, table->ranges[i].wanted, table->ranges[i].size, moved)) return true;
  return false;
}

bool move_id_back(const struct id_table *table, unsigned id, unsigned *moved) {
  for (size_t i = 0; i < table->count; i++)
    if (move(id, table->ranges[i].wanted, table->ranges[i].found, table->ranges[i].size, moved)) return true;
  return false;
}
