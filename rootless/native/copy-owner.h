#ifndef COPY_OWNER_H
#define COPY_OWNER_H

#include <sys/stat.h>

/* The owners of copies, and what else says who may do what with them. copy.h tells of copy_owners(). */
uid_t copied_uid(const struct stat *about);
gid_t copied_gid(const struct stat *about);

/* Gives the copy `to` the owner, mode, extended attributes and times of `from`; both are files or directories. */
int copy_metadata(int from, int to, const struct stat *about);

/* 1 when the directory hides what the layers below have in it, 0 when not, -1 with errno. */
int is_opaque(int directory);

/* Takes the extended attributes of a directory away that a layer above gives its own. */
void drop_attributes(int directory);

#endif
