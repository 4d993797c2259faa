#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "die.h"
#include "init.h"
#include "preserve.h"

#ifndef PIPEFS_MAGIC
#define PIPEFS_MAGIC 0x50495045
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static const char *const limit_names[] = {
    [RLIMIT_AS] = "AS",           [RLIMIT_CORE] = "CORE",         [RLIMIT_CPU] = "CPU",       [RLIMIT_DATA] = "DATA",
    [RLIMIT_FSIZE] = "FSIZE",     [RLIMIT_LOCKS] = "LOCKS",       [RLIMIT_MEMLOCK] = "MEMLOCK", [RLIMIT_MSGQUEUE] = "MSGQUEUE",
    [RLIMIT_NICE] = "NICE",       [RLIMIT_NOFILE] = "NOFILE",     [RLIMIT_NPROC] = "NPROC",   [RLIMIT_RSS] = "RSS",
    [RLIMIT_RTPRIO] = "RTPRIO",   [RLIMIT_RTTIME] = "RTTIME",     [RLIMIT_SIGPENDING] = "SIGPENDING", [RLIMIT_STACK] = "STACK",
};

static void set_limits(const struct plan *plan) {
  size_t from = 0;
  const struct operation *wanted;
  while ((wanted = plan_next(plan, "rlimit", &from))) {
    int which = 0, all = sizeof limit_names / sizeof *limit_names;
    while (which < all && (!limit_names[which] || strcmp(limit_names[which], wanted->words[1]) != 0)) which++;
    if (which == all) bug("unknown limit %.20s", wanted->words[1]);
    struct rlimit limit = {(rlim_t)number_of(wanted->words[2]), (rlim_t)number_of(wanted->words[3])};
    if (setrlimit(which, &limit) == 0) continue;
    struct rlimit have;
    getrlimit(which, &have);
    set_hint("a user can't raise a hard limit: raise it for the user in /etc/security/limits.conf, or ask for less");
    die_errno("cannot set the limit %s to %s:%s (the hard limit is %lld)", wanted->words[1], wanted->words[2],
              wanted->words[3], (long long)have.rlim_max);
  }
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) die_errno("cannot write %s to %s", text, path);
  close(fd);
}

/* An anonymous pipe is handed to the user who will run, so that /dev/stdout can be opened again. */
static void give_pipes(uid_t user, gid_t group) {
  for (int fd = 0; fd < 3; fd++) {
    struct statfs about;
    if (fstatfs(fd, &about) == 0 && about.f_type == PIPEFS_MAGIC && fchown(fd, user, group) < 0) continue;
  }
}

static void set_groups(const char *list) {
  gid_t groups[1024];
  size_t count = 0;
  for (const char *word = strcmp(list, "-") == 0 ? NULL : list; word;) {
    if (count == sizeof groups / sizeof *groups) bug("too many groups");
    char *end;
    groups[count++] = (gid_t)strtoul(word, &end, 10);
    word = *end == ',' ? end + 1 : NULL;
  }
  if (setgroups(count, groups) < 0 && !(errno == EPERM && count == 0)) {
    set_hint("groups can't be set where only one id is mapped: see `tsc-pod doctor` for subordinate ids");
    die_errno("cannot set the groups %s", list);
  }
}

static void drop_bounding(uint64_t keep) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
    if (!(keep >> capability & 1) && prctl(PR_CAPBSET_DROP, capability) < 0)
      die_errno("cannot drop capability %d from the bounding set", capability);
}

static void set_capabilities(const struct operation *wanted) {
  uint64_t effective = hex_of(wanted->words[2]), permitted = hex_of(wanted->words[3]);
  uint64_t inheritable = hex_of(wanted->words[4]), ambient = hex_of(wanted->words[5]);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
      {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
  };
  if (syscall(SYS_capset, &header, data) < 0) die_errno("cannot set the capabilities");
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  for (int capability = 0; capability < 64; capability++)
    if (ambient >> capability & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
      die_errno("cannot raise the ambient capability %d", capability);
}

static void become_user(const struct plan *plan) {
  const struct operation *user = plan_find(plan, "user"), *capabilities = plan_find(plan, "capabilities");
  if (!user || !capabilities) bug("no user or no capabilities");
  uid_t uid = (uid_t)number_of(user->words[1]);
  gid_t gid = (gid_t)number_of(user->words[2]);
  give_pipes(uid, gid);
  drop_bounding(hex_of(capabilities->words[1]));
  prctl(PR_SET_KEEPCAPS, 1);
  if (!plan_find(plan, "setgroups") && !plan_find(plan, "keep-groups")) set_groups(user->words[3]);
  if (setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0) {
    set_hint("more ids can be mapped with a range in /etc/subuid and /etc/subgid: see `tsc-pod doctor`");
    die_errno("cannot become user %s:%s", user->words[1], user->words[2]);
  }
  prctl(PR_SET_KEEPCAPS, 0);
  set_capabilities(capabilities);
}

static void load_filter(const struct plan *plan) {
  const char *hex = plan_word(plan, "seccomp", 1);
  if (!hex) return;
  size_t size = strlen(hex) / 2;
  if (size == 0 || size % sizeof(struct sock_filter) != 0 || size / sizeof(struct sock_filter) > 4096) bug("seccomp");
  unsigned char *bytes = malloc(size);
  if (!bytes) die("out of memory");
  for (size_t i = 0; i < size; i++) {
    char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
    bytes[i] = (unsigned char)hex_of(pair);
  }
  struct sock_fprog program = {(unsigned short)(size / sizeof(struct sock_filter)), (struct sock_filter *)bytes};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) die_errno("cannot load the seccomp filter");
  free(bytes);
}

/*
 * The caller's session keyring holds keys of the host (Kerberos, disk encryption) and would be inherited: a new one
 * takes its place, keyctl(2). Where keyctl is refused to us, it is to the command.
 */
static void leave_keyring(const struct plan *plan) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS || errno == EPERM) return;
  /* A user's keys are counted; the filter keeps the command from all of them. */
  if (errno == EDQUOT && plan_find(plan, "seccomp")) return;
  die_errno("cannot leave the caller's session keyring");
}

static void lead_session(const struct plan *plan) {
  setsid();
  if (plan_find(plan, "terminal") && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0) die_errno("cannot take the terminal");
}

/* PATH of the container's own environment, as execvp(3) does with ours. */
static const char *environment_value(const struct plan *plan, const char *name) {
  size_t from = 0, length = strlen(name);
  const struct operation *variable;
  const char *value = NULL;
  while ((variable = plan_next(plan, "env", &from)))
    if (strncmp(variable->words[1], name, length) == 0 && variable->words[1][length] == '=') value = variable->words[1] + length + 1;
  return value;
}

static char **environment_of(const struct plan *plan) {
  char **environment = calloc(plan->count + 1, sizeof *environment);
  if (!environment) die("out of memory");
  size_t from = 0, count = 0;
  const struct operation *variable;
  while ((variable = plan_next(plan, "env", &from))) environment[count++] = variable->words[1];
  return environment;
}

__attribute__((noreturn)) static void not_executed(const char *command, int error, bool searched) {
  if (error == ENOENT && searched) die_with(EXIT_NOT_FOUND, "executable \"%s\" not found in $PATH", command);
  if (error == ENOENT || error == ENOTDIR) {
    struct stat about;
    if (stat(command, &about) == 0)
      die_with(EXIT_NOT_FOUND, "cannot execute %s: the interpreter or loader that it names does not exist", command);
    die_with(EXIT_NOT_FOUND, "cannot execute %s: %s", command, strerror(error));
  }
  if (error == ENOEXEC) die_with(EXIT_NOT_RUNNABLE, "cannot execute %s: exec format error (another architecture, or a script without #!)", command);
  die_with(EXIT_NOT_RUNNABLE, "cannot execute %s: %s", command, strerror(error));
}

__attribute__((noreturn)) static void execute(const struct plan *plan, char **argv) {
  char **environment = environment_of(plan);
  if (strchr(argv[0], '/')) {
    execve(argv[0], argv, environment);
    not_executed(argv[0], errno, false);
  }
  const char *path = environment_value(plan, "PATH");
  if (!path) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  int error = ENOENT;
  while (*argv[0] && path) {
    char file[4200];
    const char *colon = strchr(path, ':');
    int length = colon ? (int)(colon - path) : (int)strlen(path);
    snprintf(file, sizeof file, "%.*s%s%s", length, path, length ? "/" : "", argv[0]);
    execve(file, argv, environment);
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (error == ENOEXEC || error == E2BIG) break;
    path = colon ? colon + 1 : NULL;
  }
  not_executed(argv[0], error, true);
}

/* The order matters: seccomp(2) wants CAP_SYS_ADMIN of the user namespace, or no_new_privs set. */
void become_command(const struct plan *plan) {
  const struct operation *command = plan_find(plan, "exec");
  bool idle = plan_find(plan, "idle");
  const char *word;
  if (!command && !idle) bug("nothing to execute");
  syscall(SYS_close_range, first_own(), ~0u, CLOSE_RANGE_CLOEXEC); /* before a filter of the user's may refuse it */
  if ((word = plan_word(plan, "oom-score-adj", 1))) write_file("/proc/self/oom_score_adj", word);
  set_limits(plan);
  leave_keyring(plan);
  bool init = plan_find(plan, "init");
  if (!init) lead_session(plan);
  bool locked = plan_find(plan, "no-new-privileges");
  if (!locked) load_filter(plan);
  become_user(plan);
  /* A change of user takes both back, prctl(2), proc_sys_fs(5) suid_dumpable: so they are set here. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_DUMPABLE, 0);
  umask((mode_t)((word = plan_word(plan, "umask", 1)) ? strtoul(word, NULL, 8) : 022));
  if (locked && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) die_errno("cannot set no_new_privs");
  if (locked) load_filter(plan);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  if (idle) become_idle();
  if (init) {
    become_init();
    lead_session(plan);
  }
  execute(plan, command->words + 1);
}
