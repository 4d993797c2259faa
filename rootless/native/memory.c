#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "die.h"
#include "fill.h"
#include "identity.h"
#include "message.h"
#include "mounts.h"
#include "path.h"
#include "record.h"
#include "spawn.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

enum { TEXT_MAX = 1 << 20 };

static const struct plan *taken;
static struct {
  int lock, tree; /* -1: none */
} *volumes;       /* one for each of the plan's operations */

static bool is_memory(const struct operation *operation) { return strcmp(operation->words[0], "mount-memory") == 0; }

static void own_state(const struct plan *plan, char path[4200]) {
  const char *runtime = plan_word(plan, "runtime", 1);
  snprintf(path, 4200, "%s/state", runtime ? runtime : "");
}

static int open_beside(const struct operation *operation, const char *name, int flags) {
  char path[4200];
  snprintf(path, sizeof path, "%s/%s", operation->words[1], name);
  return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* A copy of the mount, made within the other's namespaces, where alone that is allowed: open_tree(2). It may be gone. */
__attribute__((noreturn)) static void send_mount(int socket, const char *state, const char *path) {
  pid_t pid;
  struct statfs about;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int process = open_running(state, &pid);
  if (process < 0 || setns(process, CLONE_NEWUSER | CLONE_NEWNS) < 0) _exit(1);
  prctl(PR_SET_DUMPABLE, 0); /* joining has set it to what sysctl fs.suid_dumpable says */
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int fd = root < 0 ? -1 : open_in_root(root, path, O_PATH | O_DIRECTORY);
  if (fd < 0 || fstatfs(fd, &about) < 0 || about.f_type != TMPFS_MAGIC) _exit(1);
  int tree = (int)syscall(SYS_open_tree, fd, "", OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH);
  _exit(tree >= 0 && send_message(socket, MESSAGE_READY, NULL, 0, tree) ? 0 : 1);
}

static int take_mount(const char *state, const char *path) {
  int socket;
  struct message message;
  pid_t pid = fork_with_socket(&socket);
  if (pid == 0) send_mount(socket, state, path);
  bool got = receive_message(socket, &message);
  close(socket);
  return wait_for(pid) == 0 && got ? message.fd : -1;
}

static char *read_lines(const struct operation *operation) {
  static char text[TEXT_MAX];
  int fd = open_beside(operation, "memory", O_RDONLY);
  ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  if (fd >= 0) close(fd);
  text[got > 0 ? got : 0] = 0;
  return text;
}

/* The next whole line, cut in two: its first word, and *rest behind it. */
static char *next_line(char **at, char **rest) {
  char *line = *at, *end = strchr(line, '\n');
  if (!end) return NULL;
  *end = 0;
  *at = end + 1;
  *rest = strchr(line, '\t');
  if (!*rest) return next_line(at, rest);
  *(*rest)++ = 0;
  return line;
}

static void take_one(const struct plan *plan, size_t index) {
  const struct operation *operation = &plan->operations[index];
  char own[4200], *at, *path;
  own_state(plan, own);
  volumes[index].lock = open_beside(operation, "memory.lock", O_RDWR | O_CREAT);
  if (volumes[index].lock < 0) die_errno("cannot open %s/memory.lock", operation->words[1]);
  while (flock(volumes[index].lock, LOCK_EX) < 0)
    if (errno != EINTR) die_errno("cannot lock %s/memory.lock", operation->words[1]);
  at = read_lines(operation);
  for (const char *state; volumes[index].tree < 0 && (state = next_line(&at, &path));)
    if (strcmp(state, own) != 0) volumes[index].tree = take_mount(state, path);
}

/* One after the other by their names: two containers with the same two volumes must not wait for each other. */
void memory_take(const struct plan *plan) {
  if (!plan_find(plan, "mount-memory")) return;
  taken = plan;
  volumes = calloc(plan->count, sizeof *volumes);
  if (!volumes) die("out of memory");
  for (size_t i = 0; i < plan->count; i++) volumes[i].lock = volumes[i].tree = -1;
  for (;;) {
    size_t next = plan->count;
    for (size_t i = 0; i < plan->count; i++)
      if (is_memory(&plan->operations[i]) && volumes[i].lock < 0 &&
          (next == plan->count || strcmp(plan->operations[i].words[1], plan->operations[next].words[1]) < 0))
        next = i;
    if (next == plan->count) return;
    take_one(plan, next);
  }
}

void mount_memory(int root, const struct operation *operation) {
  char **words = operation->words;
  int tree = volumes[operation - taken->operations].tree;
  if (tree >= 0) return mount_copy(root, tree, words[3], words[4]);
  mount_new(root, &(struct new_mount){words[3], "tmpfs", words[4], words[5], strcmp(words[2], "copy") == 0});
}

static void write_lines(const struct plan *plan, const struct operation *operation) {
  char own[4200], *at = read_lines(operation), *rest, *text;
  size_t size;
  pid_t pid;
  own_state(plan, own);
  FILE *file = open_memstream(&text, &size);
  if (!file) die("out of memory");
  for (const char *state; (state = next_line(&at, &rest));) {
    int process = strcmp(state, own) == 0 ? -1 : open_running(state, &pid);
    if (process < 0) continue;
    close(process);
    fprintf(file, "%s\t%s\n", state, rest);
  }
  fprintf(file, "%s\t%s\n", own, operation->words[3]);
  if (fclose(file) != 0) die("out of memory");
  if (!write_aside(operation->words[1], "memory", text, false)) die_errno("cannot write %s/memory", operation->words[1]);
  free(text);
}

void memory_tell(const struct plan *plan) {
  for (size_t i = 0; volumes && i < plan->count; i++)
    if (volumes[i].lock >= 0) write_lines(plan, &plan->operations[i]);
}

void memory_let_in(const struct plan *plan) {
  if (!volumes) return;
  for (size_t i = 0; i < plan->count; i++) {
    if (volumes[i].lock < 0) continue;
    flock(volumes[i].lock, LOCK_UN); /* stages have the descriptor, too */
    close(volumes[i].lock);
    if (volumes[i].tree >= 0) close(volumes[i].tree);
  }
  free(volumes);
  volumes = NULL;
}
