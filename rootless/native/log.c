#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "die.h"

static struct {
  int fd;
  const char *path;
  bool json;
  long long max_size, size;
  int max_files;
  char buffer[16384];
  size_t used;
} state = {.fd = -1};

static bool open_file(int flags) {
  state.fd = open(state.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0600);
  struct stat about;
  if (state.fd < 0 || fstat(state.fd, &about) < 0) return false;
  state.size = about.st_size;
  return true;
}

void log_open(const struct operation *operation) {
  if (!operation) return;
  state.path = operation->words[1];
  state.json = strcmp(operation->words[2], "json-file") == 0;
  state.max_size = number_of(operation->words[3]);
  state.max_files = (int)number_of(operation->words[4]);
  if (!open_file(0)) die_errno("cannot open the log %s", state.path);
}

/* A full disk must not stop the container: what can't be written to the log is lost. */
static void flush_buffer(void) {
  for (size_t done = 0; state.fd >= 0 && done < state.used;) {
    ssize_t put = write(state.fd, state.buffer + done, state.used - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) break;
    done += (size_t)put;
    state.size += put;
  }
  state.used = 0;
}

static void put(const char *data, size_t length) {
  while (length > 0) {
    size_t room = sizeof state.buffer - state.used, now = length < room ? length : room;
    memcpy(state.buffer + state.used, data, now);
    state.used += now;
    data += now;
    length -= now;
    if (state.used == sizeof state.buffer) flush_buffer();
  }
}

/* The new file may be refused, on a full disk: then it is tried again with the next output. */
static void rotate(void) {
  char from[4200], to[4200];
  flush_buffer();
  close(state.fd);
  if (state.max_files < 2) {
    open_file(O_TRUNC);
    return;
  }
  for (int number = state.max_files - 1; number >= 1; number--) {
    if (number == 1) snprintf(from, sizeof from, "%s", state.path);
    else snprintf(from, sizeof from, "%s.%d", state.path, number - 1);
    snprintf(to, sizeof to, "%s.%d", state.path, number);
    rename(from, to);
  }
  open_file(0);
}

/* Valid UTF-8 goes through as it is; other bytes become U+FFFD, as Docker's json-file has it. */
static size_t utf8_length(const unsigned char *text, size_t length) {
  /* The Unicode Standard, table 3-7: no longer form than needed, no surrogate, nothing above U+10FFFF. */
  static const struct { unsigned char first, last, second_from, second_to, extra; } forms[] = {
      {0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2}, {0xe1, 0xec, 0x80, 0xbf, 2}, {0xed, 0xed, 0x80, 0x9f, 2},
      {0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3}, {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3},
  };
  for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
    size_t extra = forms[form].extra;
    if (text[0] < forms[form].first || text[0] > forms[form].last || extra >= length) continue;
    if (extra && (text[1] < forms[form].second_from || text[1] > forms[form].second_to)) return 0;
    for (size_t i = 2; i <= extra; i++)
      if ((text[i] & 0xc0) != 0x80) return 0;
    return extra + 1;
  }
  return 0;
}

static void put_json_string(const char *data, size_t length) {
  for (size_t i = 0; i < length;) {
    unsigned char byte = (unsigned char)data[i];
    size_t whole = utf8_length((const unsigned char *)data + i, length - i);
    char escape[8];
    if (byte == '"' || byte == '\\') put(escape, (size_t)snprintf(escape, sizeof escape, "\\%c", byte));
    else if (byte == '\n') put("\\n", 2);
    else if (byte < 0x20) put(escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", byte));
    else if (whole == 0) put("\\ufffd", 6);
    else put(data + i, whole);
    i += whole ? whole : 1;
  }
}

static void put_record(int stream, const char *data, size_t length, bool ended, const char *time) {
  const char *name = stream == 2 ? "stderr" : "stdout";
  if (state.json) {
    put("{\"log\":\"", 8);
    put_json_string(data, length);
    if (ended) put("\\n", 2);
    put("\",\"stream\":\"", 12);
    put(name, 6);
    put("\",\"time\":\"", 10);
    put(time, strlen(time));
    put("\"}\n", 3);
    return;
  }
  put(time, strlen(time));
  put(" ", 1);
  put(name, 6);
  put(ended ? " F " : " P ", 3);
  put(data, length);
  put("\n", 1);
}

static const char *time_text(void) {
  static char text[64];
  struct timespec now;
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  size_t length = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + length, sizeof text - length, ".%09ld%s", now.tv_nsec, state.json ? "Z" : "+00:00");
  return text;
}

void log_write(int stream, const char *data, size_t length) {
  if (!state.path || (state.fd < 0 && !open_file(0))) return;
  const char *time = time_text();
  while (length > 0) {
    const char *newline = memchr(data, '\n', length);
    size_t piece = newline ? (size_t)(newline - data) : length;
    put_record(stream, data, piece, newline, time);
    if (newline) piece++;
    data += piece;
    length -= piece;
    if (state.max_size > 0 && state.size + (long long)state.used >= state.max_size) rotate();
  }
  flush_buffer();
}

void log_close(void) {
  if (state.fd < 0) return;
  flush_buffer();
  close(state.fd);
  state.fd = -1;
  state.path = NULL;
}
