#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "die.h"
#include "journald.h"
#include "json-text.h"

static struct {
  int fd;
  const char *path, *attributes;
  bool json, journald;
  bool torn; /* the last write ended in the middle of a record */
  long long max_size, size;
  int max_files;
  size_t used;
} state = {.fd = -1};
static char buffer[16384]; /* not in what has initial values: that is stored, and copied for each monitor */

/* json-file: the beginning of a character whose end wasn't there yet, of each stream. */
static struct {
  char bytes[4];
  size_t count;
} held[3];

static bool open_file(void) {
  state.fd = open(state.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat about;
  if (state.fd < 0 || fstat(state.fd, &about) < 0) return false;
  state.size = about.st_size;
  return true;
}

void log_open(const struct plan *plan) {
  const struct operation *file = plan_find(plan, "log"), *journal = plan_find(plan, "journal");
  if (journal) {
    journald_open(journal);
    state.journald = true;
  }
  if (!file) return;
  state.path = file->words[1];
  state.json = strcmp(file->words[2], "json-file") == 0;
  state.max_size = number_of(file->words[3]);
  state.max_files = (int)number_of(file->words[4]);
  state.attributes = file->count > 5 ? file->words[5] : NULL;
  if (!open_file()) die_errno("cannot open the log %s", state.path);
}

/* A full disk must not stop the container: what can't be written to the log is lost. */
static void flush_buffer(void) {
  if (state.torn && state.used && state.fd >= 0 && write(state.fd, "\n", 1) == 1) state.torn = false;
  for (size_t done = 0; state.fd >= 0 && done < state.used;) {
    ssize_t put = write(state.fd, buffer + done, state.used - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      state.torn = true;
      break;
    }
    done += (size_t)put;
    state.size += put;
  }
  state.used = 0;
}

static void put(const char *data, size_t length) {
  while (length > 0) {
    size_t room = sizeof buffer - state.used, now = length < room ? length : room;
    memcpy(buffer + state.used, data, now);
    state.used += now;
    data += now;
    length -= now;
    if (state.used == sizeof buffer) flush_buffer();
  }
}

/*
 * A new file in every case, for those who read the old one to its end. It may be refused, on a full disk: then it is
 * tried again with the next output.
 */
static void rotate(void) {
  char from[4200], to[4200];
  flush_buffer();
  close(state.fd);
  if (state.max_files < 2) unlink(state.path);
  for (int number = state.max_files - 1; number >= 1; number--) {
    if (number == 1) snprintf(from, sizeof from, "%s", state.path);
    else snprintf(from, sizeof from, "%s.%d", state.path, number - 1);
    snprintf(to, sizeof to, "%s.%d", state.path, number);
    rename(from, to);
  }
  open_file();
}

static void put_json_string(const char *data, size_t length) {
  for (size_t i = 0; i < length;) {
    char character[JSON_CHARACTER_MAX];
    size_t size;
    i += json_character(data + i, length - i, character, &size);
    put(character, size);
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
    put("\"", 1);
    if (state.attributes) {
      put(",\"attrs\":", 9);
      put(state.attributes, strlen(state.attributes));
    }
    put(",\"time\":\"", 9);
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

/* What was held back and what has come, less the beginning of a character at its end. */
static const char *join_held(int stream, const char *data, size_t *length) {
  static char joined[LOG_PIECE_MAX + sizeof held->bytes];
  size_t had = held[stream].count, all = had + *length;
  memcpy(joined, held[stream].bytes, had);
  memcpy(joined + had, data, *length);
  size_t cut = utf8_cut(joined, all);
  memcpy(held[stream].bytes, joined + all - cut, cut);
  held[stream].count = cut;
  *length = all - cut;
  return joined;
}

static void write_records(int stream, const char *data, size_t length) {
  char time[TIME_TEXT_MAX];
  time_text(time, clock_now(), state.json ? "Z" : "+00:00");
  while (length > 0) {
    const char *newline = memchr(data, '\n', length);
    size_t piece = newline ? (size_t)(newline - data) : length;
    if (state.journald) journald_write(stream, data, piece, newline);
    else put_record(stream, data, piece, newline, time);
    if (newline) piece++;
    data += piece;
    length -= piece;
    if (state.max_size > 0 && state.size + (long long)state.used >= state.max_size) rotate();
  }
  flush_buffer();
}

void log_write(int stream, const char *data, size_t length) {
  if (!state.journald && (!state.path || (state.fd < 0 && !open_file()))) return;
  for (size_t piece; length > 0; data += piece, length -= piece) {
    piece = length < LOG_PIECE_MAX ? length : LOG_PIECE_MAX;
    size_t whole = piece;
    const char *text = state.json ? join_held(stream, data, &whole) : data;
    write_records(stream, text, whole);
  }
}

void log_close(void) {
  for (int stream = 1; stream <= 2; stream++) {
    if (held[stream].count && state.fd >= 0) write_records(stream, held[stream].bytes, held[stream].count);
    held[stream].count = 0;
  }
  journald_close();
  if (state.fd >= 0) close(state.fd);
  state.fd = -1;
  state.path = NULL;
  state.journald = false;
}
