#define _GNU_SOURCE
#include "hub-client.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "die.h"
#include "hub.h"
#include "hub-return.h"
#include "identity.h"
#include "message.h"
#include "namespaces.h"
#include "roles.h"
#include "spawn.h"
#include "stream.h"
#include "userns.h"

enum { ANSWER_LIMIT_MS = 20000 };

static struct {
  int socket, userns, asked;
  int namespace; /* the container's network namespace; -1: it needs no hub */
  int outer;     /* the user namespace of a hub that was killed; -1: there was none */
  const struct plan *plan;
} hub = {-1, -1, 0, -1, -1, NULL};

/* False: it has ended. */
static bool hear(struct message *message) {
  if (await_readable(hub.socket, ANSWER_LIMIT_MS) == 0) die("cannot set up the network: the hub gave no answer");
  return receive_message(hub.socket, message);
}

/* By way of /proc: its path may be too long for unix(7). Whether it takes requests or not, a hub that is there is the only one. */
static bool connect_to(int directory) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const struct timeval limit = {ANSWER_LIMIT_MS / 1000, 0};
  struct message greeting;
  snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", directory);
  hub.socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (hub.socket < 0) die_errno("socket");
  setsockopt(hub.socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  bool connected = connect(hub.socket, (struct sockaddr *)&address, sizeof address) == 0;
  if (!connected && errno == EAGAIN) die("cannot set up the network: the hub takes nobody in");
  if (connected && hear(&greeting) && greeting.fd >= 0) {
    hub.userns = greeting.fd;
    return true;
  }
  close(hub.socket);
  hub.socket = -1;
  return false;
}

/* `@pid@` stands for this process: whoever starts a hub, even the same monitor a second one, gives it a scope of its own. */
static char *with_own_pid(char *word) {
  static char made[256];
  const char *mark = strstr(word, "@pid@");
  if (!mark) return word;
  snprintf(made, sizeof made, "%.*s%d%s", (int)(mark - word), word, getpid(), mark + 5);
  return made;
}

static void start_hub(const struct operation *wish) {
  char **argv = calloc(wish->count + 2, sizeof *argv), text[1024];
  size_t count = 0;
  if (!argv) die("out of memory");
  for (size_t i = 3; i < wish->count; i++) argv[count++] = with_own_pid(wish->words[i]);
  if (!count) argv[count++] = "/proc/self/exe"; /* which isn't the launcher any more in who executes a COMMAND */
  argv[count++] = "-c";
  argv[count] = wish->words[2];
  int said = catcher();
  struct spawn what = {argv, {hub.outer, -1, said, -1, -1}};
  pid_t pid = spawn(&what);
  if (pid < 0) die_errno("fork");
  int code = wait_for(pid);
  caught(said, text, sizeof text);
  close(said);
  free(argv);
  if (code != 0) die("cannot start the hub of the bridge networks: %s", strncmp(text, "Error: ", 7) == 0 ? text + 7 : text);
}

void hub_open(const struct plan *plan) {
  const struct operation *wish = plan_find(plan, "hub");
  if (!wish) return;
  if (mkdir(wish->words[1], 0700) < 0 && errno != EEXIST) die_errno("cannot make %s", wish->words[1]);
  int directory = open(wish->words[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) die_errno("cannot open %s", wish->words[1]);
  if (!connect_to(directory)) {
    while (flock(directory, LOCK_EX) < 0)
      if (errno != EINTR) die_errno("cannot lock %s", wish->words[1]);
    if (!connect_to(directory)) {
      start_hub(wish);
      if (!connect_to(directory)) die("cannot connect to the hub of the bridge networks in %s", wish->words[1]);
    }
  }
  close(directory); /* and the lock with it */
}

/* A process that stays in the outer namespace writes the maps of the inner one, user_namespaces(7). */
static pid_t fork_writer(const struct plan *plan, int told) {
  pid_t inner = getpid(), writer = fork();
  if (writer < 0) die_errno("fork");
  if (writer > 0) return writer;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_DUMPABLE, 0);
  char byte;
  if (read(told, &byte, 1) != 1) _exit(EXIT_TOOL);
  write_id_maps(plan, inner);
  _exit(0);
}

void hub_make_user_namespace(const struct plan *plan) {
  int told[2];
  if (pipe2(told, O_CLOEXEC) < 0) die_errno("pipe");
  if (setns(hub.userns, CLONE_NEWUSER) < 0) die_errno("cannot join the hub's user namespace");
  close(hub.userns);
  close(hub.socket);
  prctl(PR_SET_DUMPABLE, 1); /* so that the maps can be written; nobody but the user's own processes is in the hub's namespace */
  pid_t writer = fork_writer(plan, told[0]);
  close(told[0]);
  if (unshare(CLONE_NEWUSER) < 0) die_errno("cannot make a user namespace");
  if (write(told[1], "", 1) != 1) die_errno("pipe");
  close(told[1]);
  if (wait_for(writer) != 0) die("cannot map ids in the user namespace of the bridge networks");
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void ask(unsigned char type, const char *container, const struct operation *wish, int namespace) {
  char text[4096];
  size_t first = strlen(container) + 1, second = strlen(wish->words[1]) + 1, third = strlen(wish->words[2]) + 1;
  if (first + second + third > sizeof text - 1) die("too many names or options for a bridge network");
  memcpy(text, container, first);
  memcpy(text + first, wish->words[1], second);
  memcpy(text + first + second, wish->words[2], third);
  if (!send_message(hub.socket, type, text, first + second + third, namespace)) die_errno("cannot talk to the hub of the bridge networks");
  hub.asked++;
}

static void ask_all(const struct plan *plan, const char *name, unsigned char type, int namespace) {
  const char *container = plan_word(plan, "container", 1);
  const struct operation *wish;
  size_t from = 0;
  while ((wish = plan_next(plan, name, &from))) ask(type, container, wish, namespace);
}

static void ask_for_all(const struct plan *plan) {
  const char *container = plan_word(plan, "container", 1);
  hub.asked = 0;
  if (!send_message(hub.socket, MESSAGE_HOLD, container, strlen(container) + 1, -1))
    die_errno("cannot talk to the hub of the bridge networks");
  ask_all(plan, "hub-attach", MESSAGE_ATTACH, hub.namespace);
  close(hub.userns);
  hub.userns = -1;
}

void hub_attach(const struct plan *plan, pid_t holder) {
  if (hub.socket < 0) return;
  hub.namespace = open_namespace(holder, "net");
  hub.plan = plan;
  ask_for_all(plan);
}

static void await_answers(void) {
  struct message message;
  for (; hub.asked > 0; hub.asked--) {
    if (!hear(&message)) die("cannot set up the network: the hub has ended");
    if (message.type == MESSAGE_ERROR) die_as("", message.data);
  }
}

void hub_finish(void) {
  if (hub.socket < 0) return;
  await_answers();
}

void hub_close(void) {
  if (hub.socket >= 0) close(hub.socket);
  if (hub.userns >= 0) close(hub.userns);
  if (hub.namespace >= 0) close(hub.namespace);
  hub.socket = hub.userns = hub.namespace = -1;
  hub_stay_away();
}

int hub_connection(void) { return hub.socket; }

void hub_connected(int socket) {
  if (hub.socket >= 0) close(hub.socket);
  hub.socket = socket;
}

bool hub_is_used(void) { return hub.namespace >= 0; }

/* That which the container's own is in, ioctl_ns(2). */
static int outer_namespace(void) {
  int own = ioctl(hub.namespace, NS_GET_USERNS), outer = own < 0 ? -1 : ioctl(own, NS_GET_PARENT);
  if (outer < 0) die_errno("cannot find the user namespace of the bridge networks");
  close(own);
  return outer;
}

int hub_come_back(void) {
  static struct plan newer;
  const struct plan *plan = hub.plan;
  size_t length;
  if (access("networks", R_OK) == 0) {
    char *text = plan_read_file("networks", &length);
    plan_parse(&newer, text, length);
    plan = &newer;
  }
  hub.outer = outer_namespace();
  hub_open(plan);
  ask_for_all(plan);
  hub_finish();
  return hub.socket;
}

/* hub, container, target-state, then hub-detach, hub-attach, hub-change one after the other. */
int role_hub_ask(const struct plan *plan) {
  const char *state = plan_word(plan, "target-state", 1), *directory = plan_word(plan, "hub", 1);
  pid_t pid;
  if (!state || !directory || !plan_find(plan, "container")) bug("whom to ask for what?");
  if (chdir(directory) < 0) die("the hub of the bridge networks does not run");
  int process = open_running(state, &pid), place = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (process < 0) die("the container is not running any more");
  if (place < 0 || !connect_to(place)) die("the hub of the bridge networks does not run");
  int namespace = open_namespace(pid, "net");
  /* It still runs: so what was opened is that process's. */
  if (open_running(state, &pid) < 0) die("the container is not running any more");
  ask_all(plan, "hub-detach", MESSAGE_DETACH, namespace);
  await_answers();
  ask_all(plan, "hub-attach", MESSAGE_ATTACH, namespace);
  await_answers();
  ask_all(plan, "hub-change", MESSAGE_CHANGE, namespace);
  await_answers();
  return 0;
}
