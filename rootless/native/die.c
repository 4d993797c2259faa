#define _GNU_SOURCE
#include "die.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

static int report_socket = -1;
static bool (*report_send)(int code, const char *text, size_t length);
static const char *hint;
static void (*death_hook)(int code, const char *text);
static pid_t hook_owner;

void before_death(void (*hook)(int code, const char *text)) {
  death_hook = hook;
  hook_owner = getpid();
}

void report_to(int socket) { report_socket = socket; }

void report_by(bool (*send)(int code, const char *text, size_t length)) { report_send = send; }

void set_hint(const char *text) { hint = text; }

/* Names from images are in messages: nothing of them may steer a terminal. */
static void make_printable(char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < ' ' || *text == 0x7f) *text = '?';
}

static void report(int code, char *text) {
  char line[2048];
  make_printable(text);
  int length = snprintf(line, sizeof line, "Error: %s\n%s%s", text, hint ? hint : "", hint ? "\n" : "");
  if (length < 0) length = 0;
  if ((size_t)length >= sizeof line) length = sizeof line - 1;
  void (*hook)(int, const char *) = death_hook;
  death_hook = NULL;
  if (hook && hook_owner == getpid()) hook(code, text);
  if (report_send && report_send(code, line, (size_t)length)) return;
  if (report_socket >= 0 && send_error(report_socket, code, line, (size_t)length)) return;
  if (write(STDERR_FILENO, line, (size_t)length) < 0) return;
}

void die_with(int code, const char *format, ...) {
  char text[1536];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  report(code, text);
  _exit(code);
}

void die_errno(const char *format, ...) {
  int error = errno;
  char text[1400], whole[1536];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  snprintf(whole, sizeof whole, "%s: %s", text, strerror(error));
  report(EXIT_TOOL, whole);
  _exit(EXIT_TOOL);
}

void bug(const char *format, ...) {
  char text[1400], whole[1536];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  snprintf(whole, sizeof whole, "bug in tsc-pod's plan: %s", text);
  report(EXIT_TOOL, whole);
  _exit(EXIT_TOOL);
}

void die_as(const char *doing, char *payload) {
  if (!*payload) bug("an error without a reason");
  char *text = payload + 1;
  for (size_t end = strlen(text); end > 0 && text[end - 1] == '\n'; end--) text[end - 1] = 0;
  char *below = strchr(text, '\n');
  if (below) *below++ = 0;
  set_hint(below);
  die_with((unsigned char)*payload, "%s%s", doing, strncmp(text, "Error: ", 7) == 0 ? text + 7 : text);
}

void warn(const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof text - 1, format, args);
  va_end(args);
  if (length < 0) return;
  if ((size_t)length > sizeof text - 2) length = sizeof text - 2;
  make_printable(text);
  text[length] = '\n';
  if (write(STDERR_FILENO, text, (size_t)length + 1) < 0) return;
}
