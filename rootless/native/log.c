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
#include "json-text.h"

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

void log_write(int stream, const char *data, size_t length) {
  if (!state.path || (state.fd < 0 && !open_file(0))) return;
  char time[TIME_TEXT_MAX];
  time_text(time, clock_now(), state.json ? "Z" : "+00:00");
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
