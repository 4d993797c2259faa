#define _GNU_SOURCE
#include "hub.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "die.h"
#include "identity.h"
#include "message.h"
#include "roles.h"
#include "userns.h"

enum { CLIENTS_MAX_HUB = 2048, IDLE_MS = 100, END_SECONDS = 5 };

struct network {
  struct network *next;
  char id[HUB_ID + 1];
  pid_t pid;
  int namespace, socket;
};

/* A container in a network, or on its way in or out. */
struct member {
  struct member *next;
  char container[HUB_ID + 1];
  struct network *network;
  pid_t worker;
  bool leaving;
};

struct client {
  int fd;
  char container[HUB_ID + 1]; /* whose monitor it is; "": not known yet, or nobody's */
};

static struct {
  struct network *networks;
  struct member *members;
  struct client clients[CLIENTS_MAX_HUB];
  int count, listener, signals, userns, directory;
} hub;

static void end_network(struct network *network) {
  struct network **at = &hub.networks;
  while (*at != network) at = &(*at)->next;
  *at = network->next;
  close(network->namespace);
  close(network->socket); /* by which its process ends */
  free(network);
}

static void end_unused(struct network *network) {
  for (const struct member *member = hub.members; member; member = member->next)
    if (member->network == network) return;
  end_network(network);
}

static void drop_member(struct member *member) {
  struct member **at = &hub.members;
  while (*at != member) at = &(*at)->next;
  *at = member->next;
  struct network *network = member->network;
  send_message(network->socket, MESSAGE_LEAVE, member->container, strlen(member->container) + 1, -1);
  free(member);
  end_unused(network);
}

/* Its devices go with its network namespace. A process at work for it is waited for: else what that says comes too late. */
static void leave_all(const char *container) {
  struct member *next;
  for (struct member *member = hub.members; member; member = next) {
    next = member->next;
    if (strcmp(member->container, container) != 0) continue;
    member->leaving = true;
    if (!member->worker) drop_member(member);
  }
}

/* A new network namespace, made by a process of its own: this one must stay in the host's, where uplinks start. */
static int make_network_namespace(void) {
  int sockets[2];
  struct message message;
  message_pair(sockets);
  pid_t maker = fork();
  if (maker == 0) {
    int made = unshare(CLONE_NEWNET) == 0 ? open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : -1;
    _exit(made >= 0 && send_message(sockets[1], MESSAGE_NAMESPACES, NULL, 0, made) ? 0 : 1);
  }
  close(sockets[1]);
  bool good = maker > 0 && receive_message(sockets[0], &message);
  close(sockets[0]);
  if (maker > 0) waitpid(maker, NULL, 0);
  return good ? message.fd : -1;
}

/* Nothing else of the hub's stays open in it: the others' ends could not be seen any more. */
__attribute__((noreturn)) static void become_network(const char *text, int namespace, int socket) {
  enum { FIRST = 3 };
  int fds[] = {fcntl(namespace, F_DUPFD_CLOEXEC, FIRST + 2), fcntl(socket, F_DUPFD_CLOEXEC, FIRST + 2)};
  for (int i = 0; i < 2; i++)
    if (fds[i] < 0 || dup3(fds[i], FIRST + i, O_CLOEXEC) < 0) _exit(EXIT_TOOL);
  syscall(SYS_close_range, FIRST + 2u, ~0u, 0u);
  hub_network(text, FIRST, FIRST + 1);
}

static struct network *start_network(const struct hub_request *request) {
  struct network *network = calloc(1, sizeof *network);
  int sockets[2];
  if (!network) return NULL;
  network->namespace = make_network_namespace();
  if (network->namespace < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
    if (network->namespace >= 0) close(network->namespace);
    free(network);
    return NULL;
  }
  snprintf(network->id, sizeof network->id, "%.64s", request->network);
  network->pid = fork();
  if (network->pid == 0) become_network(request->text, network->namespace, sockets[1]);
  close(sockets[1]);
  network->socket = sockets[0];
  network->next = hub.networks;
  hub.networks = network;
  return network;
}

static struct member *find_member(const struct hub_request *request) {
  struct member *member = hub.members;
  while (member && (strcmp(member->container, request->container) != 0 || strcmp(member->network->id, request->network) != 0))
    member = member->next;
  return member;
}

static struct member *new_member(const struct hub_request *request) {
  struct network *network = hub.networks;
  while (network && strcmp(network->id, request->network) != 0) network = network->next;
  if (!network) network = start_network(request);
  struct member *member = network ? calloc(1, sizeof *member) : NULL;
  if (!member) return NULL;
  snprintf(member->container, sizeof member->container, "%.64s", request->container);
  member->network = network;
  member->next = hub.members;
  hub.members = member;
  return member;
}

static void refuse(int client, const char *why) { send_error(client, EXIT_TOOL, why, strlen(why)); }

static bool is_connected(const char *container) {
  for (int i = 0; i < hub.count; i++)
    if (strcmp(hub.clients[i].container, container) == 0) return true;
  return false;
}

static void serve(struct client *client, const struct hub_request *request) {
  struct member *member = find_member(request);
  if (!*client->container && !request->detach && !is_connected(request->container))
    snprintf(client->container, sizeof client->container, "%.64s", request->container);
  if (member && (member->worker || member->leaving)) return refuse(client->fd, "Error: the container is on its way in or out\n");
  if (request->detach != (member != NULL))
    return refuse(client->fd, member ? "Error: the container is in that network\n" : "Error: the container is not in that network\n");
  if (!member) member = new_member(request);
  if (!member) return refuse(client->fd, "Error: cannot make a network namespace\n");
  member->leaving = request->detach;
  member->worker = fork();
  if (member->worker == 0) hub_work(request, member->network->namespace, member->network->socket, client->fd);
  if (member->worker > 0) return;
  member->worker = 0;
  drop_member(member);
  refuse(client->fd, "Error: cannot fork\n");
}

static bool is_id(const char *text) {
  size_t length = strspn(text, "0123456789abcdef");
  return length > 0 && length <= HUB_ID && !text[length];
}

static bool read_request(const struct message *message, struct hub_request *request) {
  const char *first = memchr(message->data, 0, message->length);
  size_t left = first ? message->length - (size_t)(first + 1 - message->data) : 0;
  const char *second = first ? memchr(first + 1, 0, left) : NULL;
  if (!second || message->fd < 0 || (message->type != MESSAGE_ATTACH && message->type != MESSAGE_DETACH)) return false;
  *request = (struct hub_request){message->type == MESSAGE_DETACH, message->data, first + 1, second + 1, message->fd};
  return is_id(request->container) && is_id(request->network);
}

/* False: it is gone. */
static bool hear(struct client *client) {
  static struct message message;
  struct hub_request request;
  if (!receive_message(client->fd, &message)) return false;
  if (read_request(&message, &request)) serve(client, &request);
  else refuse(client->fd, "Error: the hub does not know this request\n");
  if (message.fd >= 0) close(message.fd);
  return true;
}

static void let_go(int index) {
  struct client gone = hub.clients[index];
  close(gone.fd);
  hub.clients[index] = hub.clients[--hub.count];
  if (*gone.container) leave_all(gone.container);
}

static void accept_one(void) {
  int fd = accept4(hub.listener, NULL, NULL, SOCK_CLOEXEC);
  struct ucred who;
  socklen_t size = sizeof who;
  if (fd < 0) return;
  if (hub.count == CLIENTS_MAX_HUB || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.uid != geteuid() ||
      !send_message(fd, MESSAGE_NAMESPACES, NULL, 0, hub.userns)) {
    close(fd);
    return;
  }
  hub.clients[hub.count++] = (struct client){fd, ""};
}

static void network_ended(struct network *network) {
  struct member *next;
  network->pid = 0;
  for (struct member *member = hub.members; member; member = next) {
    next = member->next;
    if (member->network != network) continue;
    member->leaving = true;
    if (!member->worker) drop_member(member);
    if (!next) return; /* the network may be gone with its last member */
  }
}

static void worker_ended(struct member *member, int status) {
  member->worker = 0;
  if (member->leaving || status != 0) drop_member(member);
}

static void reap(void) {
  struct signalfd_siginfo info;
  int status;
  pid_t pid;
  while (read(hub.signals, &info, sizeof info) == sizeof info) continue;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    struct member *member = hub.members;
    struct network *network = hub.networks;
    while (member && member->worker != pid) member = member->next;
    while (network && network->pid != pid) network = network->next;
    if (member) worker_ended(member, status);
    else if (network) network_ended(network);
  }
}

/* Who is gone leaves before anybody new is heard: the same container may come back at once. */
static int step(int timeout) {
  static struct pollfd polls[CLIENTS_MAX_HUB + 2];
  int count = hub.count;
  polls[0] = (struct pollfd){hub.listener, POLLIN, 0};
  polls[1] = (struct pollfd){hub.signals, POLLIN, 0};
  for (int i = 0; i < count; i++) polls[i + 2] = (struct pollfd){hub.clients[i].fd, POLLIN, 0};
  int ready = poll(polls, (nfds_t)count + 2, timeout);
  if (ready <= 0) return ready;
  if (polls[1].revents) reap();
  for (int i = count - 1; i >= 0; i--)
    if (polls[i + 2].revents && !hear(&hub.clients[i])) let_go(i);
  if (polls[0].revents) accept_one();
  return ready;
}

/* Nobody is there. Who wants to come either holds the lock, or is in the queue. */
static bool may_end(void) {
  if (flock(hub.directory, LOCK_EX | LOCK_NB) < 0) return false;
  if (step(0) == 0 && hub.count == 0 && !hub.members) return true;
  flock(hub.directory, LOCK_UN);
  return false;
}

/* Of uplinks that were killed. */
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
  hub.signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  hub.userns = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
  hub.directory = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (hub.signals < 0 || hub.userns < 0 || hub.directory < 0) die_errno("cannot start the hub");
}

__attribute__((noreturn)) static void serve_all(const struct plan *plan, int starter) {
  struct message message;
  report_to(starter);
  setsid();
  prctl(PR_SET_NAME, "tsc-pod hub");
  prctl(PR_SET_CHILD_SUBREAPER, 1); /* of uplinks */
  prctl(PR_SET_DUMPABLE, 1);
  if (unshare(CLONE_NEWUSER) < 0) die_errno("cannot make a user namespace");
  send_message(starter, MESSAGE_NAMESPACES, NULL, 0, -1);
  if (!receive_message(starter, &message)) _exit(EXIT_TOOL);
  become_namespace_root(plan);
  prctl(PR_SET_DUMPABLE, 0);
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
    bool idle = hub.count == 0 && !hub.members;
    if (idle && may_end()) break;
    step(idle ? IDLE_MS : -1);
  }
  unlink("socket");
  unlink("state");
  alarm(END_SECONDS); /* whose processes don't end by themselves are killed with this one */
  while (wait(NULL) > 0 || errno == EINTR) continue;
  cgroup_remove();
  unlink("cgroup");
  _exit(0);
}

static void expect(int socket, unsigned char type) {
  struct message message;
  if (!receive_message(socket, &message)) die("the hub of the bridge networks ended before it had started");
  if (message.type == MESSAGE_ERROR) {
    if (write(STDERR_FILENO, message.data + 1, message.length - 1) < 0) _exit(EXIT_TOOL);
    _exit((unsigned char)message.data[0]);
  }
  if (message.type != type) bug("message %c instead of %c", message.type, type);
}

/* Ends when the hub, a process of its own, can be connected to. */
int role_hub(const struct plan *plan) {
  int sockets[2];
  const char *directory = plan_word(plan, "runtime", 1);
  if (!directory || chdir(directory) < 0) die_errno("cannot enter %s", directory ? directory : "the hub's directory");
  cgroup_enter(plan, false);
  message_pair(sockets);
  pid_t pid = fork();
  if (pid < 0) die_errno("fork");
  if (pid == 0) {
    close(sockets[0]);
    serve_all(plan, sockets[1]);
  }
  close(sockets[1]);
  expect(sockets[0], MESSAGE_NAMESPACES);
  write_id_maps(plan, pid);
  send_message(sockets[0], MESSAGE_MAPPED, NULL, 0, -1);
  expect(sockets[0], MESSAGE_STARTED);
  return 0;
}
