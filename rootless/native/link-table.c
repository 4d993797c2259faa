#define _GNU_SOURCE
#include "link-table.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"

struct link {
  struct link *next;
  dev_t device;
  ino_t inode;
  char path[];
};

static size_t slot_of(const struct link_table *table, ino_t inode) {
  return (size_t)(((unsigned long long)inode * 0x9e3779b97f4a7c15ULL) >> 32) & (table->size - 1);
}

static void grow(struct link_table *table) {
  struct link_table bigger = {.size = table->size ? table->size * 2 : 256, .count = table->count};
  bigger.slots = calloc(bigger.size, sizeof *bigger.slots);
  if (!bigger.slots) die("out of memory");
  for (size_t i = 0; i < table->size; i++)
    for (struct link *link = table->slots[i], *next; link; link = next) {
      struct link **slot = &bigger.slots[slot_of(&bigger, link->inode)];
      next = link->next;
      link->next = *slot;
      *slot = link;
    }
  free(table->slots);
  *table = bigger;
}

const char *first_name(struct link_table *table, const struct stat *about, const char *path) {
  if (table->count >= table->size) grow(table);
  struct link **slot = &table->slots[slot_of(table, about->st_ino)];
  for (struct link *link = *slot; link; link = link->next)
    if (link->inode == about->st_ino && link->device == about->st_dev) return link->path;
  struct link *link = malloc(sizeof *link + strlen(path) + 1);
  if (!link) die("out of memory");
  link->device = about->st_dev;
  link->inode = about->st_ino;
  strcpy(link->path, path);
  link->next = *slot;
  *slot = link;
  table->count++;
  return NULL;
}

void forget_links(struct link_table *table) {
  for (size_t i = 0; i < table->size; i++)
    for (struct link *link = table->slots[i], *next; link; link = next) {
      next = link->next;
      free(link);
    }
  free(table->slots);
  *table = (struct link_table){0};
}
