#define _GNU_SOURCE
#include "health.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach.h"
#include "check.h"
#include "clock.h"
#include "event.h"
#include "json-text.h"
#include "record.h"
#include "spawn.h"
#include "supervise.h"

enum {
  LOG_MAX = 5,            /* results that are kept, as docker does */
  OVERDUE_MS = 10 * 1000, /* after its time-out, within which a check ends by itself */
  ASKING_MAX = 8,
};

enum status { STARTING, HEALTHY, UNHEALTHY };
static const char *const names[] = {"starting", "healthy", "unhealthy"};

struct result {
  struct timespec start, end;
  int code;
  size_t length;
  char *output;
};

static struct {
  const struct plan *plan; /* NULL: no checks */
  long long interval, timeout, start_period, start_interval;
  int retries;
  enum status status;
  int streak;
  long long opened, began_at, due, limit, kill_at; /* clock_ms(); 0: not set */
  pid_t pid;                             /* of the check that is made; 0: none */
  int said;                              /* what it says comes here */
  struct timespec began;
  bool paused; /* meanwhile */
  struct result log[LOG_MAX];
  int count;
  int asking[ASKING_MAX], asking_count;
} health;

static bool in_start_period(long long when) { return when - health.opened < health.start_period; }

static void schedule(void) {
  bool starting = health.status == STARTING && in_start_period(clock_ms());
  health.due = health.interval < 0 ? 0 : clock_ms() + (starting ? health.start_interval : health.interval);
}

static void put_text(FILE *file, const char *text, size_t length) {
  for (size_t i = 0; i < length;) {
    char character[JSON_CHARACTER_MAX];
    size_t size;
    i += json_character(text + i, length - i, character, &size);
    fwrite(character, 1, size, file);
  }
}

static void put_result(FILE *file, const struct result *result) {
  char start[TIME_TEXT_MAX], end[TIME_TEXT_MAX];
  time_text(start, result->start, "Z");
  time_text(end, result->end, "Z");
  fprintf(file, "{\"Start\":\"%s\",\"End\":\"%s\",\"ExitCode\":%d,\"Output\":\"", start, end, result->code);
  put_text(file, result->output, result->length);
  fputs("\"}", file);
}

static void save(void) {
  char *text = NULL;
  size_t size;
  FILE *file = open_memstream(&text, &size);
  if (!file) return;
  fprintf(file, "{\"Status\":\"%s\",\"FailingStreak\":%d,\"Log\":[", names[health.status], health.streak);
  for (int i = 0; i < health.count; i++) {
    if (i) fputc(',', file);
    put_result(file, &health.log[i]);
  }
  fputs("]}\n", file);
  if (fclose(file) == 0) write_aside(plan_word(health.plan, "container", 2), "health", text, false);
  free(text);
}

static void keep(const struct result *result) {
  if (health.count == LOG_MAX) {
    free(health.log[0].output);
    memmove(health.log, health.log + 1, sizeof *health.log * --health.count);
  }
  health.log[health.count++] = *result;
}

/* What is to be done with an unhealthy container: a stop is as by hand, after which no policy starts it again. */
static void act(void) {
  const struct operation *action = plan_find(health.plan, "health-action");
  if (!action) return;
  if (strcmp(action->words[1], "kill") == 0) {
    supervise_forward(SIGKILL);
    return;
  }
  if (strcmp(action->words[1], "restart") == 0) supervise_restart_after_end();
  else supervise_stay_ended();
  supervise_forward((int)number_of(action->words[2]));
  long long patience = number_of(action->words[3]);
  if (patience >= 0) health.kill_at = clock_ms() + patience;
}

/* As docker counts: failures of the start period don't, and the first success ends the start. */
static void count_result(int code, long long began) {
  enum status before = health.status;
  if (code == 0) {
    health.streak = 0;
    health.status = HEALTHY;
  } else if (health.status != STARTING || !in_start_period(began)) {
    if (++health.streak >= health.retries) health.status = UNHEALTHY;
  }
  if (health.status == before) return;
  char action[40];
  snprintf(action, sizeof action, "health_status: %s", names[health.status]);
  event_write(health.plan, action, "");
  if (health.status == UNHEALTHY) act();
}

static void answer(bool healthy) {
  char frame[2] = {FRAME_HEALTH, !healthy};
  for (int i = 0; i < health.asking_count; i++) {
    if (send(health.asking[i], frame, sizeof frame, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) frame[1] = !healthy;
    close(health.asking[i]);
  }
  health.asking_count = 0;
}

/* From the launcher alone: without a code in front it is an error of the launcher's own. */
static void take_report(struct result *result) {
  char text[CHECK_REPORT_MAX + 1] = "the health check could not be started, or was killed", *end;
  ssize_t got = read(health.said, text, sizeof text - 1);
  text[got > 0 ? (size_t)got : strlen(text)] = 0;
  result->code = (int)strtol(text, &end, 10);
  if (end == text || *end != '\n') result->code = -1, end = text;
  else end++;
  result->length = got > 0 ? (size_t)(text + got - end) : strlen(end);
  result->output = malloc(result->length + 1);
  if (result->output) memcpy(result->output, end, result->length);
  else result->length = 0;
}

static bool is_paused(void) { return access("paused", F_OK) == 0; }

static void finish(void) {
  struct result result = {health.began, clock_now(), -1, 0, NULL};
  take_report(&result);
  close(health.said);
  health.said = -1;
  health.pid = 0;
  health.limit = 0;
  if (health.paused || is_paused()) { /* it says nothing about the container */
    free(result.output);
    answer(false);
  } else {
    keep(&result);
    count_result(result.code, health.began_at);
    save();
    answer(result.code == 0);
  }
  schedule();
}

bool health_reaped(pid_t pid) {
  if (!health.plan || pid != health.pid) return false;
  finish();
  return true;
}

/* Where no process can be had that is a check which failed: the container may have taken them all. */
static void begin(void) {
  char *argv[] = {"/proc/self/exe", "health-plan", NULL};
  int ends[2] = {-1, -1};
  health.paused = false;
  health.began = clock_now();
  health.began_at = clock_ms();
  health.limit = health.began_at + health.timeout + OVERDUE_MS;
  health.due = 0;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) {
    struct spawn what = {argv, {-1, ends[1], ends[1], -1, -1}};
    health.pid = spawn(&what);
    close(ends[1]);
  }
  health.said = ends[0];
  if (health.pid > 0) return;
  finish();
}

void health_open(const struct plan *plan) {
  const struct operation *wish = plan_find(plan, "health");
  if (!wish) return;
  health.plan = plan;
  health.interval = number_of(wish->words[1]);
  health.timeout = number_of(wish->words[2]);
  health.start_period = number_of(wish->words[3]);
  health.start_interval = number_of(wish->words[4]);
  health.retries = (int)number_of(wish->words[5]);
  health.opened = clock_ms();
  health.said = -1;
  schedule();
  save();
}

int health_timeout_ms(void) {
  const long long times[] = {health.due, health.limit, health.kill_at};
  long long least = -1, now = clock_ms();
  if (!health.plan) return -1;
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    if (!times[i]) continue;
    long long left = times[i] > now ? times[i] - now : 0;
    if (least < 0 || left < least) least = left;
  }
  return (int)(least > 1 << 30 ? 1 << 30 : least);
}

void health_tick(void) {
  if (!health.plan) return;
  long long now = clock_ms();
  if (health.kill_at && now >= health.kill_at) {
    health.kill_at = 0;
    supervise_forward(SIGKILL);
  }
  if (health.limit && now >= health.limit) {
    if (health.pid > 0) kill(health.pid, SIGKILL);
    health.limit = now + OVERDUE_MS;
  }
  if (health.pid > 0 && is_paused()) health.paused = true;
  if (!health.due || now < health.due || health.pid > 0) return;
  if (is_paused()) schedule();
  else begin();
}

void health_ask(int client) {
  if (!health.plan || health.asking_count == ASKING_MAX) {
    close(client);
    return;
  }
  health.asking[health.asking_count++] = client;
  if (health.pid <= 0) begin();
}

void health_close(void) {
  if (!health.plan) return;
  if (health.pid > 0) {
    kill(health.pid, SIGKILL);
    waitpid(health.pid, NULL, 0);
    close(health.said);
  }
  answer(false);
  health.plan = NULL;
}
