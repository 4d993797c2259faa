#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stddef.h>

enum { JSON_CHARACTER_MAX = 8 };
/*
 * The first character of `data` (length > 0) as it stands in a JSON string, into `out` (*size bytes of it). Bytes that
 * are no UTF-8 become U+FFFD, each. Returns how many bytes of `data` that took.
 */
size_t json_character(const char *data, size_t length, char out[JSON_CHARACTER_MAX], size_t *size);

/* How many bytes at the end of `data` are the beginning of a UTF-8 character that goes on behind it: 0 to 3. */
size_t utf8_cut(const char *data, size_t length);

#endif
