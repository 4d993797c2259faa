#define _GNU_SOURCE
#include "hub-return.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attach.h"
#include "clock.h"
#include "die.h"
#include "hub-client.h"
#include "message.h"
#include "roles.h"

/* After each failure it waits twice as long; it gives up after about a minute. */
enum { FIRST_MS = 250, TRIES = 8, LASTS_MS = 60000 };

static struct {
  int pair; /* to the process that is at work; -1: none is */
  pid_t pid;
  int failures;
  long long next, since; /* when it tries again, and when it last came back; 0: not */
} state = {.pair = -1};

int hub_watched(void) { return state.pair >= 0 ? state.pair : hub_connection(); }

int hub_timeout_ms(void) {
  if (!state.next) return -1;
  long long left = state.next - clock_ms();
  return left > 0 ? (int)left : 0;
}

static void begin(void) {
  int sockets[2];
  state.next = 0;
  message_pair(sockets);
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    report_to(sockets[1]);
    int connection = hub_come_back();
    _exit(send_message(sockets[1], MESSAGE_STARTED, NULL, 0, connection) ? 0 : EXIT_TOOL);
  }
  close(sockets[1]);
  state.pair = sockets[0]; /* which ends at once where there is no process */
  state.pid = pid;
}

static void try_later(void) {
  state.failures++;
  if (state.failures < TRIES) state.next = clock_ms() + ((long long)FIRST_MS << state.failures);
}

static void hear_process(void) {
  struct message message;
  bool good = receive_message(state.pair, &message) && message.type == MESSAGE_STARTED && message.fd >= 0;
  if (!good && message.fd >= 0) close(message.fd);
  close(state.pair);
  state.pair = -1;
  state.pid = 0;
  if (!good) {
    try_later();
    return;
  }
  hub_connected(message.fd);
  state.since = clock_ms();
}

static void hear_hub(void) {
  struct message message;
  if (receive_message(hub_connection(), &message)) {
    if (message.fd >= 0) close(message.fd);
    return;
  }
  hub_connected(-1);
  if (state.since && clock_ms() - state.since < LASTS_MS) try_later();
  else begin();
}

void hub_tick(bool readable) {
  if (state.next && clock_ms() >= state.next) begin();
  else if (readable && state.pair >= 0) hear_process();
  else if (readable && hub_connection() >= 0) hear_hub();
  if (state.since && clock_ms() - state.since >= LASTS_MS) state.failures = 0;
}

void hub_return_now(void) {
  state.failures = 0;
  if (state.pair < 0 && hub_connection() < 0 && hub_is_used()) begin();
}

void hub_stay_away(void) {
  if (state.pair >= 0) close(state.pair);
  if (state.pid > 0) kill(state.pid, SIGKILL);
  state.pair = -1;
  state.pid = 0;
  state.next = state.since = state.failures = 0;
}

/* runtime */
int role_hub_return(const struct plan *plan) {
  const char frame = FRAME_NETWORKS, *runtime = plan_word(plan, "runtime", 1);
  if (!runtime || chdir(runtime) < 0) die_errno("cannot enter %s", runtime ? runtime : "the container's directory");
  int fd = connect_monitor();
  if (fd < 0 || send(fd, &frame, 1, MSG_NOSIGNAL) < 0) die_errno("cannot ask the container's monitor");
  return 0;
}
