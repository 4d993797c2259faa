#define _GNU_SOURCE
#include "shared-tree.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "die.h"
#include "identity.h"
#include "message.h"
#include "mounts.h"
#include "path.h"
#include "spawn.h"

static const struct plan *taken;
static int *trees; /* a descriptor each of the plan's operations, -1: none */

/* Only in its own mount namespace can a mount be copied, open_tree(2). Nobody there may look into this process. */
static void send_tree(int socket, const struct operation *operation) {
  const char *source = operation->words[2];
  pid_t pid;
  prctl(PR_SET_DUMPABLE, 0);
  int process = open_running(operation->words[1], &pid);
  if (process < 0) die("cannot share %s: the container that has it is not running any more", source);
  if (setns(process, CLONE_NEWNS) < 0) die_errno("cannot share %s: its mount namespace can't be joined", source);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) die_errno("cannot open /");
  if (leads_through_link(root, source)) die("cannot share %s: there is a symbolic link in its place", source);
  int fd = open_in_root(root, source, O_PATH | O_DIRECTORY);
  if (fd < 0) die_errno("cannot share %s", source);
  send_message(socket, MESSAGE_READY, NULL, 0, copy_mount(fd, source));
}

static int take_tree(const struct operation *operation) {
  int socket;
  struct message message;
  pid_t pid = fork_with_socket(&socket);
  if (pid == 0) {
    send_tree(socket, operation);
    _exit(0);
  }
  bool got = receive_message(socket, &message);
  close(socket);
  if (wait_for(pid) != 0 || !got || message.fd < 0) _exit(EXIT_TOOL); /* it has told the monitor why */
  return message.fd;
}

void take_shared_trees(const struct plan *plan) {
  size_t count = plan->count;
  if (!plan_find(plan, "bind-of")) return;
  taken = plan;
  trees = calloc(count, sizeof *trees);
  if (!trees) die("out of memory");
  for (size_t i = 0; i < count; i++)
    trees[i] = strcmp(plan->operations[i].words[0], "bind-of") == 0 ? take_tree(&plan->operations[i]) : -1;
}

void mount_shared_tree(int root, const struct operation *operation) {
  mount_copy(root, trees[operation - taken->operations], operation->words[3], operation->words[4]);
}
