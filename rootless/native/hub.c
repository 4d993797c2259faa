#define _GNU_SOURCE
#include "hub.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "descriptors.h"
#include "die.h"
#include "hub-members.h"
#include "identity.h"
#include "message.h"
#include "roles.h"
#include "userns.h"

enum { CLIENTS_MAX_HUB = 2048, IDLE_MS = 100, END_SECONDS = 5, OTHERS = 3 };

struct client {
  int fd;
  char container[HUB_ID + 1]; /* whose monitor it is; "": not known yet, or nobody's */
};

static struct {
  struct client clients[CLIENTS_MAX_HUB];
  int count, listener, signals, userns, directory, said;
  bool short_of; /* descriptors: for a moment nobody is let in */
} hub;

static bool is_connected(const char *container) {
  for (int i = 0; i < hub.count; i++)
    if (strcmp(hub.clients[i].container, container) == 0) return true;
  return false;
}

static bool is_id(const char *text) {
  size_t length = strspn(text, "0123456789abcdef");
  return length > 0 && length <= HUB_ID && !text[length];
}

static bool read_request(const struct message *message, struct hub_request *request) {
  const char *first = memchr(message->data, 0, message->length);
  size_t left = first ? message->length - (size_t)(first + 1 - message->data) : 0;
  const char *second = first ? memchr(first + 1, 0, left) : NULL;
  bool known = message->type == MESSAGE_ATTACH || message->type == MESSAGE_CHANGE || message->type == MESSAGE_DETACH;
  if (!second || message->fd < 0 || !known) return false;
  *request = (struct hub_request){message->type, message->data, first + 1, second + 1, message->fd};
  return is_id(request->container) && is_id(request->network);
}

static void serve(struct client *client, const struct message *message) {
  struct hub_request request;
  if (message->type == MESSAGE_HOLD && is_id(message->data)) {
    if (!is_connected(message->data)) snprintf(client->container, sizeof client->container, "%.64s", message->data);
  } else if (!read_request(message, &request))
    members_refuse(client->fd, "Error: the hub does not know this request\n");
  else if (!is_connected(request.container))
    members_refuse(client->fd, "Error: the container has lost its networks\nrestart it: only its start brings them back\n");
  else members_ask(&request, client->fd);
}

/* False: it is gone. */
static bool hear(struct client *client) {
  static struct message message;
  errno = 0;
  if (!receive_message(client->fd, &message)) return errno == EAGAIN;
  serve(client, &message);
  if (message.fd >= 0) close(message.fd);
  return true;
}

static void let_go(int index) {
  struct client gone = hub.clients[index];
  close(gone.fd);
  hub.clients[index] = hub.clients[--hub.count];
  if (*gone.container) members_leave(gone.container);
}

/* Nothing that is sent there waits: who takes no answers loses them, and holds nobody up. */
static void accept_one(void) {
  int fd = accept4(hub.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  struct ucred who;
  socklen_t size = sizeof who;
  hub.short_of = fd < 0 && errno != EAGAIN;
  if (fd < 0) return;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.uid != geteuid() ||
      !send_message(fd, MESSAGE_NAMESPACES, NULL, 0, hub.userns)) {
    close(fd);
    return;
  }
  hub.clients[hub.count++] = (struct client){fd, ""};
}

/* Its monitor sees the end of the connection, and comes again. */
static void hang_up(const char *container) {
  for (int i = 0; i < hub.count; i++)
    if (strcmp(hub.clients[i].container, container) == 0) shutdown(hub.clients[i].fd, SHUT_RDWR);
}

static void reap(void) {
  struct signalfd_siginfo info;
  int status;
  pid_t pid;
  while (read(hub.signals, &info, sizeof info) == sizeof info) continue;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    members_hear(); /* what it said before its end */
    members_reaped(pid, status);
  }
}

/* Who is gone leaves before anybody new is heard: the same container may come back at once. */
static int step(int timeout) {
  static struct pollfd polls[CLIENTS_MAX_HUB + OTHERS];
  int count = hub.count;
  bool room = count < CLIENTS_MAX_HUB && !hub.short_of; /* else they wait in the queue */
  if (hub.short_of && (timeout < 0 || timeout > IDLE_MS)) timeout = IDLE_MS;
  hub.short_of = false;
  polls[0] = (struct pollfd){room ? hub.listener : -1, POLLIN, 0};
  polls[1] = (struct pollfd){hub.signals, POLLIN, 0};
  polls[2] = (struct pollfd){hub.said, POLLIN, 0};
  for (int i = 0; i < count; i++) polls[i + OTHERS] = (struct pollfd){hub.clients[i].fd, POLLIN, 0};
  int ready = poll(polls, (nfds_t)count + OTHERS, timeout);
  if (ready <= 0) return ready;
  if (polls[2].revents) members_hear();
  if (polls[1].revents) reap();
  for (int i = count - 1; i >= 0; i--)
    if (polls[i + OTHERS].revents && !hear(&hub.clients[i])) let_go(i);
  if (polls[0].revents) accept_one();
  return ready;
}

/* Nobody is there. Who wants to come either holds the lock, or is in the queue. */
static bool may_end(void) {
  if (flock(hub.directory, LOCK_EX | LOCK_NB) < 0) return false;
  if (step(0) == 0 && hub.count == 0 && members_none()) return true;
  flock(hub.directory, LOCK_UN);
  return false;
}

/* Of uplinks that have ended. */
static void remove_stale(void) {
  DIR *directory = opendir(".");
  const struct dirent *entry;
  while (directory && (entry = readdir(directory))) {
    size_t length = strlen(entry->d_name);
    if (length > 5 && strcmp(entry->d_name + length - 5, ".sock") == 0) unlink(entry->d_name);
  }
  if (directory) closedir(directory);
}

static void listen_here(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket.new"};
  hub.listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  unlink(address.sun_path);
  if (hub.listener < 0 || bind(hub.listener, (struct sockaddr *)&address, sizeof address) < 0 ||
      chmod(address.sun_path, 0600) < 0 || listen(hub.listener, 4096) < 0 || rename(address.sun_path, "socket") < 0)
    die_errno("cannot make the hub's socket");
  FILE *state = fopen("state", "we");
  if (!state || fprintf(state, "%d %llu\n", getpid(), start_time(getpid())) < 0 || fclose(state) != 0)
    die_errno("cannot write the hub's state");
}

static void open_hub(void) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  hub.said = members_open(hang_up);
  hub.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  hub.userns = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
  hub.directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (hub.signals < 0 || hub.userns < 0 || hub.directory < 0) die_errno("cannot start the hub");
}

static bool is_user_namespace(int fd) { return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWUSER; }

__attribute__((noreturn)) static void serve_all(const struct plan *plan, int starter) {
  struct message message;
  report_to(starter);
  setsid();
  prctl(PR_SET_NAME, "tsc-pod hub");
  prctl(PR_SET_CHILD_SUBREAPER, 1); /* of uplinks */
  prctl(PR_SET_DUMPABLE, 1);
  bool taken = is_user_namespace(STDIN_FILENO);
  if (taken ? setns(STDIN_FILENO, CLONE_NEWUSER) < 0 : unshare(CLONE_NEWUSER) < 0) die_errno("cannot make a user namespace");
  const char made = taken;
  send_message(starter, MESSAGE_NAMESPACES, &made, 1, -1);
  if (!receive_message(starter, &message)) _exit(EXIT_TOOL);
  become_namespace_root(plan);
  prctl(PR_SET_DUMPABLE, 0);
  allow_descriptors();
  open_hub();
  cgroup_make(plan);
  remove_stale();
  listen_here();
  send_message(starter, MESSAGE_STARTED, NULL, 0, -1);
  report_to(-1);
  close(starter);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  for (;;) {
    bool idle = hub.count == 0 && members_none();
    if (idle && may_end()) break;
    step(idle ? IDLE_MS : -1);
  }
  unlink("socket");
  unlink("state");
  alarm(END_SECONDS); /* whose processes don't end by themselves are killed with this one */
  while (wait(NULL) > 0 || errno == EINTR) continue;
  remove_stale();
  cgroup_remove();
  unlink("cgroup");
  _exit(0);
}

/* Gives its first byte. */
static char expect(int socket, unsigned char type) {
  struct message message;
  if (!receive_message(socket, &message)) die("the hub of the bridge networks ended before it had started");
  if (message.type == MESSAGE_ERROR) die_as("", message.data);
  if (message.type != type) bug("message %c instead of %c", message.type, type);
  return message.data[0];
}

/*
 * Ends when the hub, a process of its own, can be connected to. Where descriptor 0 is a user namespace, that of a hub which
 * was killed and whose containers run, that is U.
 */
int role_hub(const struct plan *plan) {
  int socket;
  const char *directory = plan_word(plan, "runtime", 1);
  if (!directory || chdir(directory) < 0) die_errno("cannot enter %s", directory ? directory : "the hub's directory");
  cgroup_enter(plan, false);
  pid_t pid = fork_with_socket(&socket);
  if (pid == 0) serve_all(plan, socket);
  if (!expect(socket, MESSAGE_NAMESPACES)) write_id_maps(plan, pid);
  send_message(socket, MESSAGE_MAPPED, NULL, 0, -1);
  expect(socket, MESSAGE_STARTED);
  return 0;
}
