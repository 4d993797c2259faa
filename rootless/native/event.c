#define _GNU_SOURCE
#include "event.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "roles.h"

enum { SUBJECT_MAX = 65536, LINE_MAX_SIZE = SUBJECT_MAX + 4096 };

static char subject[SUBJECT_MAX]; /* as it was read last */

void event_prepare(const struct plan *plan) {
  const char *path = plan_word(plan, "events", 4);
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
  if (fd < 0) return;
  char text[SUBJECT_MAX];
  ssize_t got = read(fd, text, sizeof text);
  close(fd);
  if (got < 3 || got == (ssize_t)sizeof text || memchr(text, 0, (size_t)got)) return; /* emptied by a power cut */
  if (text[got - 1] == '\n') got--;
  memcpy(subject, text, (size_t)got);
  subject[got] = 0;
}

static const char *subject_of(const struct plan *plan) {
  static char bare[320];
  const char *id = plan_word(plan, "container", 1);
  event_prepare(plan);
  if (*subject || !id) return subject;
  snprintf(bare, sizeof bare,
           "\"id\":\"%.64s\",\"scope\":\"local\",\"Type\":\"container\",\"Actor\":{\"ID\":\"%.64s\",\"Attributes\":{\"name\":\"%.12s\"", id, id, id);
  return bare;
}

static bool is_at(const char *path, int fd) {
  struct stat by_name, open_file;
  return stat(path, &by_name) == 0 && fstat(fd, &open_file) == 0 && by_name.st_ino == open_file.st_ino && by_name.st_dev == open_file.st_dev;
}

/* LOG.1 must be free for LOG: the files up to the first gap move up by one; without a gap the oldest goes. */
static void shift(const char *log, int files) {
  char from[4200], to[4200];
  int gap = 1;
  do snprintf(to, sizeof to, "%s.%d", log, gap);
  while (gap < files - 1 && access(to, F_OK) == 0 && ++gap);
  for (; gap > 1; gap--) {
    snprintf(from, sizeof from, "%s.%d", log, gap - 1);
    snprintf(to, sizeof to, "%s.%d", log, gap);
    rename(from, to);
  }
  snprintf(to, sizeof to, "%s.1", log);
  rename(log, to);
}

/* One of many does it: who holds the lock of the file that is still LOG. Nobody waits, and a killed holder frees it. */
bool event_rotate(const char *log, long long max, int files) {
  struct stat about;
  int fd = open(log, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  bool ours = flock(fd, LOCK_EX | LOCK_NB) == 0 && is_at(log, fd) && fstat(fd, &about) == 0 && about.st_size >= max;
  if (ours && files > 1) shift(log, files);
  else if (ours) unlink(log);
  close(fd);
  return ours;
}

static void append(const struct operation *events, const char *line, size_t length) {
  struct stat about;
  int fd = open(events->words[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
  if (fd < 0) return;
  ssize_t put;
  do put = write(fd, line, length);
  while (put < 0 && errno == EINTR);
  bool full = fstat(fd, &about) == 0 && about.st_size >= number_of(events->words[2]);
  close(fd);
  if (full) event_rotate(events->words[1], number_of(events->words[2]), (int)number_of(events->words[3]));
}

static void write_line(const struct plan *plan, const char *action, const char *whom, const char *extra) {
  static char line[LINE_MAX_SIZE];
  const struct operation *events = plan_find(plan, "events");
  if (!events) return;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  int length = snprintf(line, sizeof line, "{\"time\":%lld,\"timeNano\":%lld%09ld,\"status\":\"%s\",\"Action\":\"%s\",%s%s}}}\n", (long long)now.tv_sec,
                        (long long)now.tv_sec, now.tv_nsec, action, action, whom, extra);
  if (length > 0 && length < (int)sizeof line) append(events, line, (size_t)length);
}

void event_write(const struct plan *plan, const char *action, const char *extra) {
  if (plan_find(plan, "events")) write_line(plan, action, subject_of(plan), extra);
}

void event_volume_destroyed(const struct plan *plan, const char *name) {
  char whom[1024];
  int length = snprintf(whom, sizeof whom,
                        "\"id\":\"%s\",\"scope\":\"local\",\"Type\":\"volume\",\"Actor\":{\"ID\":\"%s\",\"Attributes\":{\"driver\":\"local\"", name, name);
  if (length < (int)sizeof whom) write_line(plan, "destroy", whom, "");
}

void event_write_others(const struct plan *plan, const char *when) {
  static char text[SUBJECT_MAX];
  char path[4200];
  const char *subject_file = plan_word(plan, "events", 4);
  snprintf(path, sizeof path, "%s-others", subject_file ? subject_file : "");
  int fd = subject_file ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
  if (fd < 0) return;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  text[got > 0 ? got : 0] = 0;
  for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = 0;
    char *action = strchr(line, ' '), *whom = action ? strchr(action + 1, ' ') : NULL;
    if (!whom) continue;
    *action++ = *whom++ = 0;
    if (strcmp(line, when) == 0) write_line(plan, action, whom, "");
  }
}

__attribute__((noreturn)) static void report(const struct plan *plan, const char *action, const char *extra, int input) {
  char text[4096];
  unsigned char code = 128 + SIGKILL;
  prctl(PR_SET_PDEATHSIG, 0);
  setsid();
  dup2(input, 3);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; null >= 0 && fd < 3; fd++) dup2(null, fd);
  syscall(SYS_close_range, 4u, ~0u, 0u);
  ssize_t got;
  do got = read(3, &code, 1);
  while (got < 0 && errno == EINTR);
  snprintf(text, sizeof text, "%s,\"exitCode\":\"%d\"", extra, code);
  event_write(plan, action, text);
  _exit(0);
}

static pid_t reporter_pid;

int event_reporter(const struct plan *plan, const char *action, const char *extra) {
  int ends[2];
  if (!plan_find(plan, "events") || pipe2(ends, O_CLOEXEC) < 0) return -1;
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before); /* what ends the others is its news */
  reporter_pid = fork();
  if (reporter_pid == 0) event_prepare(plan), report(plan, action, extra, ends[0]);
  sigprocmask(SIG_SETMASK, &before, NULL);
  close(ends[0]);
  if (reporter_pid > 0) return ends[1];
  close(ends[1]);
  return -1;
}

void event_reported(int reporter, int code) {
  unsigned char byte = (unsigned char)code;
  if (reporter < 0) return;
  ssize_t put = write(reporter, &byte, 1);
  close(reporter);
  if (put == 1) waitpid(reporter_pid, NULL, 0);
}

/* For TypeScript, which appends by itself and can't lock. */
int role_rotate(const struct plan *plan) {
  const struct operation *events = plan_find(plan, "events");
  if (events) event_rotate(events->words[1], number_of(events->words[2]), (int)number_of(events->words[3]));
  return 0;
}
