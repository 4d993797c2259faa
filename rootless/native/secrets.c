#define _GNU_SOURCE
#include "secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"
#include "mount-tree.h"
#include "mounts.h"
#include "path.h"

enum { SECRET_MAX = 1 << 20 }; /* core/secret/store.ts allows less */

static const struct plan *opened;
static int *files; /* a descriptor for each of the plan's operations */

static int open_secret(const struct operation *operation) {
  int file = open(operation->words[2], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file >= 0) return file;
  if (errno != ENOENT) die_errno("cannot open the secret %s", operation->words[1]);
  char hint[600];
  snprintf(hint, sizeof hint, "tsc-pod secret create %s FILE   # makes it anew", operation->words[1]);
  set_hint(hint);
  die("there is no secret %s: it was removed after the container was made", operation->words[1]);
}

/* What is behind the first line. `text` is to be freed; a NUL byte follows it. */
static size_t read_secret(int file, const struct operation *operation, char **text) {
  struct stat about;
  if (fstat(file, &about) < 0 || about.st_size > SECRET_MAX) die("the secret %s is damaged", operation->words[1]);
  char *all = malloc((size_t)about.st_size + 1);
  if (!all) die("out of memory");
  ssize_t length = pread(file, all, (size_t)about.st_size, 0);
  close(file);
  if (length < 0) die_errno("cannot read the secret %s", operation->words[1]);
  all[length] = 0;
  char *line = memchr(all, '\n', (size_t)length);
  if (!line) die("the secret %s is damaged", operation->words[1]);
  size_t rest = (size_t)(all + length - (line + 1));
  memmove(all, line + 1, rest + 1);
  *text = all;
  return rest;
}

void read_secret_variables(const struct plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    char **words = plan->operations[i].words, *text, *variable;
    if (strcmp(words[0], "secret-env") != 0) continue;
    size_t length = read_secret(open_secret(&plan->operations[i]), &plan->operations[i], &text);
    if (strlen(text) != length) die("the secret %s has a NUL byte, which no variable can hold", words[1]);
    if (asprintf(&variable, "%s=%s", words[3], text) < 0) die("out of memory");
    free(text);
    words[0] = "env";
    words[1] = variable;
  }
}

void open_secrets(const struct plan *plan) {
  opened = plan;
  files = calloc(plan->count, sizeof *files);
  if (!files) die("out of memory");
  for (size_t i = 0; i < plan->count; i++)
    if (strcmp(plan->operations[i].words[0], "secret") == 0) files[i] = open_secret(&plan->operations[i]);
}

static void write_all(int file, const char *text, size_t length, const char *secret) {
  while (length > 0) {
    ssize_t written = write(file, text, length);
    if (written < 0) die_errno("cannot write the secret %s", secret);
    text += written;
    length -= (size_t)written;
  }
}

static void write_secret(int tree, const struct operation *operation, const char *path) {
  char **words = operation->words, *text;
  const char *name;
  size_t length = read_secret(files[operation - opened->operations], operation, &text);
  int parent = open_parent_in_root(tree, path, &name);
  int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) die_errno("cannot make the secret %s in the container", words[1]);
  write_all(file, text, length, words[1]);
  if (fchown(file, (uid_t)number_of(words[4]), (gid_t)number_of(words[5])) < 0)
    die_errno("cannot give the secret %s to %s:%s", words[1], words[4], words[5]);
  if (fchmod(file, (mode_t)strtoul(words[6], NULL, 8)) < 0) die_errno("cannot set the mode of the secret %s", words[1]);
  close(file);
  close(parent);
  free(text);
}

static bool is_elsewhere(const struct operation *operation) { return operation->words[3][0] == '/'; }

/* No name leads to it but the one where it is bound. */
static void bind_secret(int root, int tree, const struct operation *operation, const char *hidden) {
  int file = openat(tree, hidden, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) die_errno("cannot bind the secret %s", operation->words[1]);
  int bound = clone_tree(file, false, operation->words[3]);
  set_attributes(bound, MOUNT_ATTR_RDONLY, 0, false, operation->words[3]);
  int target = make_mount_point(root, operation->words[3], false);
  attach_tree(bound, target, operation->words[3]);
  /* Not before: what has no name can't be attached. */
  if (unlinkat(tree, hidden, 0) < 0) die_errno("cannot hide the secret %s", operation->words[1]);
  close(target);
  close(bound);
  close(file);
}

static void each(int root, int tree, void (*act)(int root, int tree, const struct operation *, const char *hidden), bool elsewhere) {
  for (size_t i = 0; i < opened->count; i++) {
    const struct operation *operation = &opened->operations[i];
    char hidden[40];
    snprintf(hidden, sizeof hidden, "/.%zu", i);
    if (strcmp(operation->words[0], "secret") != 0) continue;
    if (!elsewhere || is_elsewhere(operation)) act(root, tree, operation, hidden);
  }
}

static void write_one(int root, int tree, const struct operation *operation, const char *hidden) {
  (void)root;
  write_secret(tree, operation, is_elsewhere(operation) ? hidden : operation->words[3]);
}

static void bind_one(int root, int tree, const struct operation *operation, const char *hidden) {
  bind_secret(root, tree, operation, hidden + 1);
}

void place_secrets(int root, const char *path) {
  int tree = new_tree("tmpfs", "mode=0755", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, path);
  each(root, tree, write_one, false);
  int target = make_mount_point(root, path, true);
  attach_tree(tree, target, path);
  each(root, tree, bind_one, true);
  set_attributes(tree, MOUNT_ATTR_RDONLY, 0, false, path);
  close(target);
  close(tree);
}
