#define _GNU_SOURCE
#include "restart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "claim.h"
#include "clients.h"
#include "die.h"

/* Docker's back-off. */
enum { DELAY_FIRST_MS = 100, DELAY_MAX_MS = 60000, STEADY_SECONDS = 10 };
enum { FIRST_FD = 3 };

static struct {
  bool resumed;
  int count, delay;
} state;

void restart_resume(const char *word) {
  char clients[CLIENTS_MAX + 1] = "";
  int read = sscanf(word, "again:%d:%d:%128[@-~]", &state.count, &state.delay, clients);
  if (read < 2) bug("cannot go on after %.20s", word);
  state.resumed = true;
  unsigned count = 2 + (unsigned)strlen(clients); /* the lock, the listening socket, the clients */
  for (unsigned i = 0; i < count; i++)
    if (fcntl(FIRST_FD + (int)i, F_SETFD, FD_CLOEXEC) < 0) bug("a descriptor was lost on the way");
  syscall(SYS_close_range, (unsigned)FIRST_FD + count, ~0u, 0u);
  claim_inherited(FIRST_FD);
  clients_inherited(FIRST_FD + 1, clients);
}

bool restart_is_one(void) { return state.resumed; }

int restart_count(void) { return state.count; }

bool restart_forbidden(void) { return access("stopped", F_OK) == 0; }

/* `update` leaves another policy than the plan's in RUNTIME/restart. */
static bool read_policy(char name[16], long long *most) {
  FILE *file = fopen("restart", "re");
  bool good = file && fscanf(file, "%15s %lld", name, most) == 2;
  if (file) fclose(file);
  return good;
}

bool restart_wanted(const struct plan *plan, int code, bool anyhow) {
  const struct operation *wish = plan_find(plan, "restart");
  char policy[16] = "no";
  long long most = 0;
  if (restart_forbidden()) return false;
  if (!read_policy(policy, &most)) {
    if (!wish) return false;
    snprintf(policy, sizeof policy, "%s", wish->words[1]);
    most = number_of(wish->words[2]);
  }
  if (anyhow && wish) return true;
  if (strcmp(policy, "no") == 0) return false;
  if (strcmp(policy, "on-failure") != 0) return true;
  return code != 0 && (most == 0 || state.count < most);
}

int restart_delay(double ran) {
  if (ran >= STEADY_SECONDS || state.delay < DELAY_FIRST_MS) state.delay = DELAY_FIRST_MS;
  else state.delay = state.delay > DELAY_MAX_MS / 2 ? DELAY_MAX_MS : 2 * state.delay;
  return state.delay;
}

/* To FIRST_FD and those after it, open beyond execve(2). First all out of the way of each other. */
static void line_up(int *fds, int count) {
  for (int i = 0; i < count; i++)
    if ((fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_FD + count)) < 0) die_errno("cannot keep a descriptor");
  for (int i = 0; i < count; i++)
    if (dup2(fds[i], FIRST_FD + i) < 0) die_errno("cannot keep a descriptor");
}

void restart_now(void) {
  int fds[CLIENTS_MAX + 2];
  char clients[CLIENTS_MAX + 1], word[CLIENTS_MAX + 64], *runtime = get_current_dir_name(), plan[4200];
  if (!runtime) die_errno("cannot tell the runtime directory");
  fds[0] = claim_lock();
  line_up(fds, 1 + clients_keep(fds + 1, clients));
  snprintf(word, sizeof word, "again:%d:%d:%s", state.count + 1, state.delay, clients);
  snprintf(plan, sizeof plan, "%s/plan", runtime);
  char *argv[] = {program_invocation_name, plan, word, NULL};
  execv("/proc/self/exe", argv);
  die_errno("cannot start the container anew");
}
