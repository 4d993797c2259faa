#define _GNU_SOURCE
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "die.h"

#define PLAN_MAX (8u << 20)

/* Every operation with the least and the most number of words after its name (-1: any). */
static const struct shape {
  const char *name;
  int least, most;
} shapes[] = {
    {"address", 1, 1},
    {"apply", 1, 3},
    {"attach", 1, 1},
    {"attributes", 0, 0},
    {"bind", 3, 4},
    {"bind-of", 4, 4},
    {"bridge", 1, -1},
    {"capabilities", 5, 5},
    {"cgroup-base", 1, 2},
    {"cgroup-container", 1, 1},
    {"cgroup-controllers", 1, -1},
    {"cgroup-evacuate", 2, 2},
    {"cgroup-join", 1, 1},
    {"cgroup-join-target", 0, 0},
    {"cgroup-set", 2, -1},
    {"cgroup-try", 2, -1},
    {"check-timeout", 1, 1},
    {"chown", 3, -1},
    {"container", 2, 2},
    {"copy-owners", 2, 2},
    {"copy-tree", 2, -1},
    {"cwd", 1, 1},
    {"detach", 0, 1},
    {"detach-keys", 1, 1},
    {"disk-usage", 1, -1},
    {"dns", 1, 1},
    {"domainname", 1, 1},
    {"ends-with-parent", 0, 0},
    {"env", 1, 1},
    {"events", 4, 4},
    {"exec", 1, -1},
    {"gidmap", 3, 3},
    {"health", 5, 5},
    {"health-action", 3, 3},
    {"hint", 1, 1},
    {"hold", 1, 1},
    {"hostname", 1, 1},
    {"hub", 2, -1},
    {"hub-attach", 2, 2},
    {"hub-change", 2, 2},
    {"hub-detach", 2, 2},
    {"idle", 0, 0},
    {"idmap", 6, 6},
    {"init", 0, 0},
    {"join", 1, 1},
    {"journal", 1, -1},
    {"keep-groups", 0, 0},
    {"link", 3, 3},
    {"lock", 1, 1},
    {"log", 4, 5},
    {"masked", 1, 1},
    {"mount", 5, 5},
    {"mount-filled", 5, 5},
    {"mount-memory", 5, 5},
    {"mount-root", 0, 0},
    {"name", 1, 1},
    {"namespace", 1, 2},
    {"namespace-of", 3, 3},
    {"network-api", 2, 2},
    {"network-helper", 1, -1},
    {"network-helper-inside", 1, -1},
    {"newgidmap", 1, 1},
    {"newuidmap", 1, 1},
    {"no-new-privileges", 0, 0}, {"notify", 2, 2},
    {"no-sig-proxy", 0, 0},
    {"oom-score-adj", 1, 1},
    {"output", 1, 1},
    {"overlay", 5, -1},
    {"pack", 4, 4},
    {"pack-layer", 2, -1},
    {"pid-file", 1, 1},
    {"pivot", 0, 0},
    {"preserve-fds", 1, 1},
    {"probe-overlay", 1, 1},
    {"publish", 3, 4},
    {"publish-to", 2, 2},
    {"readonly", 1, 1},
    {"release-address", 1, 1},
    {"release-name", 1, 1},
    {"release-volume", 1, 3},
    {"remove", 1, -1},
    {"remove-at-exit", 2, 2},
    {"remove-by", 1, 1},
    {"resolver", 0, 1},
    {"restart", 2, 2},
    {"rlimit", 3, 3},
    {"root-bind", 1, 1},
    {"root-fuse", 1, -1},
    {"root-overlay", 3, -1},
    {"root-propagation", 1, 1},
    {"root-readonly", 0, 0},
    {"root-target", 1, 1},
    {"route", 1, 1},
    {"runtime", 1, 1},
    {"runtime-file", 2, 2},
    {"seccomp", 1, 1},
    {"secret", 6, 6},
    {"secret-env", 3, 3},
    {"secrets", 1, 1},
    {"setgroups", 1, 1},
    {"signal", 1, 1},
    {"stdin", 1, 1},
    {"symlink", 2, 2},
    {"sync", 1, 1},
    {"sysctl", 2, 2},
    {"target", 2, 2},
    {"target-state", 1, 1},
    {"terminal", 2, 2},
    {"uidmap", 3, 3},
    {"umask", 1, 1},
    {"unlink-plan", 0, 0},
    {"unmount", 1, 2},
    {"uplink", 1, -1},
    {"uplink6", 2, 2},
    {"user", 3, 3},
    {"volume-fill", 6, 6},
};

static int octal_digit(char byte) {
  if (byte < '0' || byte > '7') bug("a backslash without three octal digits");
  return byte - '0';
}

/* Undoes the escapes of one word in place. */
static void unescape(char *word) {
  if (strcmp(word, "''") == 0) {
    *word = 0;
    return;
  }
  char *to = word;
  for (char *from = word; *from; from++) {
    if (*from != '\\') {
      *to++ = *from;
      continue;
    }
    int value = octal_digit(from[1]) << 6;
    value |= octal_digit(from[2]) << 3;
    value |= octal_digit(from[3]);
    if (value == 0 || value > 255) bug("an escape that stands for no byte");
    *to++ = (char)value;
    from += 3;
  }
  *to = 0;
}

static void check_shape(const struct operation *operation) {
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    if (strcmp(shapes[i].name, operation->words[0]) != 0) continue;
    int count = (int)operation->count - 1;
    if (count < shapes[i].least || (shapes[i].most >= 0 && count > shapes[i].most))
      bug("%s with %d words", operation->words[0], count);
    return;
  }
  bug("unknown operation %.40s", operation->words[0]);
}

static void parse_line(struct operation *operation, char *line, char ***spare) {
  operation->words = *spare;
  operation->count = 0;
  for (char *word = line; word;) {
    char *space = strchr(word, ' ');
    if (space) *space = 0;
    if (!*word) bug("an empty word");
    unescape(word);
    operation->words[operation->count++] = word;
    word = space ? space + 1 : NULL;
  }
  operation->words[operation->count] = NULL;
  *spare += operation->count + 1;
}

static void parse_header(struct plan *plan, const struct operation *header) {
  if (header->count != 3 || strcmp(header->words[0], "plan") != 0) bug("no plan");
  if (number_of(header->words[1]) != PLAN_VERSION) bug("version %.20s, not %d", header->words[1], PLAN_VERSION);
  plan->role = header->words[2];
  plan->file = NULL;
}

void plan_parse(struct plan *plan, char *text, size_t length) {
  if (length == 0 || text[length - 1] != '\n') bug("the last line is cut");
  if (memchr(text, 0, length)) bug("a NUL byte");
  size_t lines = 0, breaks = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] == '\n') lines++;
    if (text[i] == '\n' || text[i] == ' ') breaks++;
  }
  plan->operations = calloc(lines, sizeof *plan->operations);
  char **spare = calloc(breaks + lines + 1, sizeof *spare);
  if (!plan->operations || !spare) die("out of memory");
  struct operation header;
  plan->count = 0;
  bool first = true;
  for (char *line = text; line < text + length;) {
    char *end = strchr(line, '\n');
    *end = 0;
    struct operation *operation = first ? &header : &plan->operations[plan->count++];
    parse_line(operation, line, &spare);
    if (first) parse_header(plan, operation);
    else check_shape(operation);
    first = false;
    line = end + 1;
  }
}

char *plan_read_file(const char *path, size_t *length) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat about;
  if (fd < 0 || fstat(fd, &about) < 0) die_errno("cannot read the plan %s", path);
  if (about.st_size > PLAN_MAX) bug("larger than %u bytes", PLAN_MAX);
  char *text = malloc((size_t)about.st_size + 1);
  if (!text) die("out of memory");
  size_t have = 0;
  while (have < (size_t)about.st_size) {
    ssize_t got = read(fd, text + have, (size_t)about.st_size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) die_errno("cannot read the plan %s", path);
    if (got == 0) break;
    have += (size_t)got;
  }
  close(fd);
  text[have] = 0;
  *length = have;
  return text;
}

const struct operation *plan_next(const struct plan *plan, const char *name, size_t *from) {
  while (*from < plan->count) {
    const struct operation *operation = &plan->operations[(*from)++];
    if (strcmp(operation->words[0], name) == 0) return operation;
  }
  return NULL;
}

const struct operation *plan_find(const struct plan *plan, const char *name) {
  size_t from = 0;
  return plan_next(plan, name, &from);
}

const char *plan_word(const struct plan *plan, const char *name, size_t index) {
  const struct operation *operation = plan_find(plan, name);
  return operation && index < operation->count ? operation->words[index] : NULL;
}

long long number_of(const char *word) {
  char *end;
  errno = 0;
  long long value = strtoll(word, &end, 10);
  if (errno || end == word || *end) bug("%.40s is no number", word);
  return value;
}

unsigned long long hex_of(const char *word) {
  char *end;
  errno = 0;
  unsigned long long value = strtoull(word, &end, 16);
  if (errno || end == word || *end || *word == '-') bug("%.40s is no hexadecimal number", word);
  return value;
}
