#include "json-text.h"

#include <stdio.h>
#include <string.h>

/* The Unicode Standard, table 3-7: no longer form than needed, no surrogate, nothing above U+10FFFF. */
static const struct form {
  unsigned char first, last, second_from, second_to, extra;
} forms[] = {
    {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2}, {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2},
    {0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
};

static const struct form *form_of(unsigned char first) {
  for (size_t form = 0; form < sizeof forms / sizeof *forms; form++)
    if (first >= forms[form].first && first <= forms[form].last) return &forms[form];
  return NULL;
}

/* How many of the bytes that a form asks for are there and right, from the first on. */
static size_t matching(const struct form *form, const unsigned char *text, size_t length) {
  size_t have = 1;
  if (form->extra && length > 1 && text[1] >= form->second_from && text[1] <= form->second_to) have = 2;
  while (have > 1 && have <= form->extra && have < length && (text[have] & 0xc0) == 0x80) have++;
  return have;
}

size_t json_character(const char *data, size_t length, char out[JSON_CHARACTER_MAX], size_t *size) {
  const unsigned char *text = (const unsigned char *)data;
  const struct form *form = form_of(*text);
  if (!form || matching(form, text, length) <= form->extra) {
    memcpy(out, "\\ufffd", *size = 6);
    return 1;
  }
  if (*text == '"' || *text == '\\') *size = (size_t)snprintf(out, JSON_CHARACTER_MAX, "\\%c", *text);
  else if (*text == '\n') memcpy(out, "\\n", *size = 2);
  else if (*text == '\r') memcpy(out, "\\r", *size = 2);
  else if (*text < 0x20) *size = (size_t)snprintf(out, JSON_CHARACTER_MAX, "\\u%04x", *text);
  else memcpy(out, text, *size = form->extra + 1u);
  return form->extra + 1u;
}

size_t utf8_cut(const char *data, size_t length) {
  const unsigned char *text = (const unsigned char *)data;
  for (size_t back = 1; back <= 3 && back <= length; back++) {
    const struct form *form = form_of(text[length - back]);
    if (!form) continue; /* may be a later byte of a character */
    return form->extra >= back && matching(form, text + length - back, back) == back ? back : 0;
  }
  return 0;
}
