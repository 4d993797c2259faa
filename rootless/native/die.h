/* Three ways to end: die (a wish failed), die_errno (a system call failed), bug (the plan is wrong). */
#ifndef DIE_H
#define DIE_H

#include <stdbool.h>
#include <stddef.h>

enum {
  EXIT_TOOL = 125,       /* tsc-pod itself failed */
  EXIT_NOT_RUNNABLE = 126, /* the command can't be executed */
  EXIT_NOT_FOUND = 127,  /* the command doesn't exist */
};

/* Errors go as text to standard error, or, once set, as a message to the monitor. */
void report_to(int socket);
/* The same by a function, which gets what send_error() (message.h) sends. */
void report_by(bool (*send)(int code, const char *text, size_t length));

/* Called once before this very process (not a child of it) ends by one of the functions below. */
void before_death(void (*hook)(int code, const char *text));

/* A line printed below the next error: what the user can do about it. NULL takes it back. */
void set_hint(const char *hint);

__attribute__((noreturn, format(printf, 2, 3))) void die_with(int code, const char *format, ...);
#define die(...) die_with(EXIT_TOOL, __VA_ARGS__)
__attribute__((noreturn, format(printf, 1, 2))) void die_errno(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void bug(const char *format, ...);

/* Ends as a child has: `payload` is what it sent, with a NUL behind it (MESSAGE_ERROR, message.h); `doing` stands before its text. */
__attribute__((noreturn)) void die_as(const char *doing, char *payload);

__attribute__((format(printf, 1, 2))) void warn(const char *format, ...);

#endif
