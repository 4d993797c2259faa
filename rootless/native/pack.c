#define _GNU_SOURCE
#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "apply.h"
#include "below.h"
#include "copy-owner.h"
#include "descriptors.h"
#include "die.h"
#include "directory-names.h"
#include "inside.h"
#include "link-table.h"
#include "op-writer.h"
#include "pack-attributes.h"
#include "pack-data.h"
#include "path.h"

/* A directory on the way down, which is written when something is written of it. */
struct level {
  struct level *outer;
  int fd;
  const struct stat *about;
  unsigned char below;
  size_t length; /* of its path */
  bool written;
};

static struct {
  struct pack_wish wish;
  bool layer;
  struct level *level; /* the innermost */
  struct link_table links;
  unsigned sockets, changed; /* what the notices at the end count */
  char path[INSIDE_PATH];    /* of the entry at hand, as it is written */
} packer;

enum { BELOW_THERE = 1, BELOW_SAME = 3 }; /* of the stream's `below` */

static const int file_flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
static const int directory_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/* Names come from outside: nothing of them reaches a terminal but printable ASCII and what UTF-8 is made of. */
static const char *shown(const char *path) {
  static char text[700]; /* warn() has room for a thousand */
  size_t n = 0;
  for (; *path && n < sizeof text - 5; path++) {
    unsigned char c = (unsigned char)*path;
    if (c < ' ' || c == 0x7f || c == '\\') n += (size_t)snprintf(text + n, 5, "\\%03o", c);
    else text[n++] = (char)c;
  }
  text[n] = '\0';
  return *text ? text : "/";
}

/* Says what failed, from errno; returns an exit status, so that callers can return it. */
static int fail(const char *verb) {
  if (errno == EPIPE) return APPLY_FAILED; /* whoever reads has ended, and knows why */
  warn("pack: cannot %s %s: %s", verb, shown(packer.path), strerror(errno));
  return errno == ENAMETOOLONG ? APPLY_REFUSED : APPLY_FAILED;
}

static int failed_unless(bool good) { return good ? 0 : fail("read"); }

/* It is gone, or something else by now: left out. */
static bool has_changed(int error) {
  return error == ENOENT || error == ESTALE || error == ELOOP || error == ENOTDIR || error == ENXIO || error == ENODEV;
}

static int left_out(void) {
  packer.changed++;
  return 0;
}

static int reveal(struct level *level) {
  if (!level || level->written) return 0;
  int code = reveal(level->outer);
  if (code != 0) return code;
  char kept = packer.path[level->length];
  packer.path[level->length] = '\0';
  level->written = true;
  if (!write_found('d', level->below, packer.path, level->about, "", 0)) code = fail("write");
  else if (!packer.wish.list && !write_attributes(level->fd)) code = fail("write");
  packer.path[level->length] = kept;
  return code;
}

/* A further name of what was written before: then that is told, and true returned. */
static bool is_further_name(unsigned char below, const struct stat *about, int *code) {
  const char *first = about->st_nlink > 1 ? first_name(&packer.links, about, packer.path) : NULL;
  if (first) *code = failed_unless(write_found('L', below, packer.path, about, first, strlen(first)));
  return first;
}

static int pack_file(int fd, unsigned char below, const struct stat *about) {
  unsigned char more[8 + 12];
  int code;
  if (is_further_name(below, about, &code)) return code;
  unsigned char *at = put_u64(more, (uint64_t)about->st_size);
  if (packer.wish.list || packer.wish.shallow) {
    put_time(at, &about->st_ctim);
    return failed_unless(write_found('f', below, packer.path, about, more, sizeof more));
  }
  return failed_unless(write_found('f', below, packer.path, about, more, 8) && write_attributes(fd) && write_content(fd, about));
}

static int pack_link(int dir, const char *name, unsigned char below, const struct stat *about) {
  char target[INSIDE_PATH];
  int code;
  if (is_further_name(below, about, &code)) return code;
  ssize_t length = readlinkat(dir, name, target, sizeof target);
  if (length < 0) return has_changed(errno) || errno == EINVAL ? left_out() : fail("read the link");
  if (length == 0) return left_out();
  return failed_unless(write_found('l', below, packer.path, about, target, (size_t)length));
}

static int pack_node(unsigned char below, const struct stat *about) {
  unsigned char numbers[8];
  int code;
  if (is_further_name(below, about, &code)) return code;
  put_u32(put_u32(numbers, major(about->st_rdev)), minor(about->st_rdev));
  return failed_unless(write_found('n', below, packer.path, about, numbers, sizeof numbers));
}

static int pack_names(int dir, const struct stat *about, const struct below *lower, bool hidden);

/* What the kernel shows of itself is no content: such a mount is written as an empty directory. statfs(2) */
static bool is_of_kernel(int dir) {
  static const unsigned magics[] = {0x9fa0 /* proc */, 0x62656572 /* sysfs */, 0x1cd1 /* devpts */, 0x63677270 /* cgroup2 */,
                                    0x27e0eb /* cgroup */, 0x19800202 /* mqueue */, 0x74726163 /* tracefs */, 0x64626720 /* debugfs */,
                                    0x73636673 /* securityfs */, 0xcafe4a11 /* bpf */, 0x42494e4d /* binfmt_misc */};
  struct statfs kind;
  if (fstatfs(dir, &kind) < 0) return false;
  for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
    if ((unsigned)kind.f_type == magics[i]) return true;
  return false;
}

/*
 * Where a directory hides what the layers below have in it, that is told name by name: image-spec, layer.md, wants no
 * opaque marks to be made.
 */
static int pack_hidden(int dir, const struct below *lower) {
  size_t length = strlen(packer.path);
  int code = 0;
  for (size_t i = 0; i < lower->count && code == 0; i++) {
    struct names names;
    struct stat about;
    if (list_names(lower->fds[i], &names) < 0) return fail("list");
    for (char *name = names.text; *name && code == 0; name += strlen(name) + 1) {
      bool known = fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
      for (size_t j = 0; j < i && !known; j++) known = fstatat(lower->fds[j], name, &about, AT_SYMLINK_NOFOLLOW) == 0;
      if (known || look_below(lower, name, packer.wish.marks, &about, NULL) == BELOW_NOTHING) continue;
      if (packer.wish.marks && strncmp(name, ".wh.", 4) == 0) continue;
      size_t room = sizeof packer.path - length;
      if ((size_t)snprintf(packer.path + length, room, "%s%s", length ? "/" : "", name) >= room) continue;
      code = reveal(packer.level);
      if (code == 0) code = failed_unless(write_op('w', BELOW_THERE, packer.path, "", 0));
      if (code == 0 && packer.wish.settle && mknodat(dir, name, S_IFCHR, makedev(0, 0)) < 0) code = fail("hide what is below");
      packer.path[length] = '\0';
    }
    free(names.text);
  }
  return code;
}

/*
 * A layer hides what was below it when it was made, and nothing else: the kernel marks any new directory as opaque, and
 * another image may have this layer over other ones.
 */
static int settle(int dir, const struct stat *about) {
  static const char *const marks[] = {"user.overlay.opaque", "user.fuseoverlayfs.opaque"};
  const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, about->st_mtim};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
    if (fremovexattr(dir, marks[i]) < 0 && errno != ENODATA && errno != ENOTSUP) return fail("take the mark off");
  return futimens(dir, times) < 0 ? fail("set the time of") : 0;
}

/* `dir` is open for reading; `lower` is what the layers below have of it, `hidden` where that doesn't show. */
static int pack_directory(int dir, unsigned char below, const struct stat *about, const struct below *lower, bool hidden, bool crossed) {
  struct level level = {packer.level, dir, about, below, strlen(packer.path), false};
  packer.level = &level;
  int code = packer.wish.whole && below == BELOW_SAME ? 0 : reveal(&level);
  bool opaque = packer.layer && is_opaque(dir) > 0;
  hidden = hidden || opaque;
  bool enters = !packer.wish.shallow && !(crossed && is_of_kernel(dir));
  if (code == 0 && enters && hidden) code = pack_hidden(dir, lower);
  if (code == 0 && enters) code = pack_names(dir, about, lower, hidden);
  if (code == 0 && opaque && packer.wish.settle) code = settle(dir, about);
  packer.level = level.outer;
  return code;
}

/* Nothing about it has changed since the tree was copied from the layers below. */
static bool is_untouched(const struct stat *here, const struct stat *there) {
  const struct timespec *since = &packer.wish.since;
  if (here->st_size != there->st_size || here->st_rdev != there->st_rdev) return false;
  if (here->st_mtim.tv_sec != there->st_mtim.tv_sec || here->st_mtim.tv_nsec != there->st_mtim.tv_nsec) return false;
  return since->tv_sec == 0 || here->st_ctim.tv_sec < since->tv_sec ||
         (here->st_ctim.tv_sec == since->tv_sec && here->st_ctim.tv_nsec <= since->tv_nsec);
}

/* How the stream tells what the layers below have under the name. */
static unsigned char below_byte(enum below_kind kind, const struct stat *here, const struct stat *there) {
  if (kind == BELOW_NOTHING) return 0;
  bool same = here->st_mode == there->st_mode && here->st_uid == copied_uid(there) && here->st_gid == copied_gid(there);
  return same && (S_ISDIR(here->st_mode) || is_untouched(here, there)) ? BELOW_SAME : BELOW_THERE;
}

static int pack_opened(int parent, const char *name, unsigned char below, struct below *lower, const struct stat *up, bool hidden) {
  struct stat about;
  if (fstatat(parent, name, &about, AT_SYMLINK_NOFOLLOW) < 0) return has_changed(errno) ? left_out() : fail("look at");
  int code = S_ISDIR(about.st_mode) ? 0 : reveal(packer.level);
  if (code != 0) return code;
  if (S_ISLNK(about.st_mode)) return pack_link(parent, name, below, &about);
  if (S_ISSOCK(about.st_mode)) {
    packer.sockets++;
    return 0;
  }
  if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) return pack_node(below, &about);
  if (S_ISREG(about.st_mode) && packer.wish.list) return pack_file(-1, below, &about);
  int fd = openat(parent, name, S_ISDIR(about.st_mode) ? directory_flags : file_flags);
  struct stat now;
  if (fd < 0) return has_changed(errno) ? left_out() : fail("read");
  if (fstat(fd, &now) < 0) code = fail("look at");
  else if (S_ISDIR(now.st_mode)) code = pack_directory(fd, below, &now, lower, hidden, now.st_dev != up->st_dev);
  else code = S_ISREG(now.st_mode) ? pack_file(fd, below, &now) : left_out();
  close(fd);
  return code;
}

/* The name that an entry of a layer hides; NULL when it is no whiteout. */
static const char *hidden_name(int dir, const char *name) {
  struct stat about;
  if (packer.wish.marks && strncmp(name, ".wh.", 4) == 0) return name + 4;
  bool there = fstatat(dir, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
  return there && S_ISCHR(about.st_mode) && about.st_rdev == 0 ? name : NULL;
}

/* packer.path has the entry's path, whose last `length` bytes its name is. */
static int pack_layer_entry(int dir, const char *name, const struct stat *up, const struct below *lower, bool is_hidden) {
  const char *hidden = packer.wish.whole ? NULL : hidden_name(dir, name);
  struct stat here, there;
  if (hidden) {
    if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0 || strcmp(hidden, ".wh..opq") == 0) return 0;
    if (look_below(lower, hidden, packer.wish.marks, &there, NULL) == BELOW_NOTHING) return 0;
    memmove(packer.path + strlen(packer.path) - strlen(name), hidden, strlen(hidden) + 1);
    int code = reveal(packer.level);
    return code ? code : failed_unless(write_op('w', BELOW_THERE, packer.path, "", 0));
  }
  struct below in = {0};
  enum below_kind kind = look_below(lower, name, packer.wish.marks, &there, &in);
  unsigned char below = fstatat(dir, name, &here, AT_SYMLINK_NOFOLLOW) == 0 ? below_byte(kind, &here, &there) : 0;
  bool skipped = packer.wish.whole && below == BELOW_SAME && !S_ISDIR(here.st_mode);
  int code = skipped ? 0 : pack_opened(dir, name, below, &in, up, is_hidden);
  close_below(&in);
  return code;
}

static int pack_names(int dir, const struct stat *about, const struct below *lower, bool hidden) {
  struct names names;
  size_t count, length = strlen(packer.path);
  if (list_names(dir, &names) < 0) return has_changed(errno) ? left_out() : fail("list");
  char **sorted = sorted_names(&names, &count);
  int code = 0;
  for (size_t i = 0; i < count && code == 0; i++) {
    size_t room = sizeof packer.path - length;
    if ((size_t)snprintf(packer.path + length, room, "%s%s", length ? "/" : "", sorted[i]) >= room) {
      errno = ENAMETOOLONG;
      code = fail("write");
    } else if (packer.layer) code = pack_layer_entry(dir, sorted[i], about, lower, hidden);
    else {
      struct below none = {0};
      code = pack_opened(dir, sorted[i], 0, &none, about, false);
    }
    packer.path[length] = '\0';
  }
  free(sorted);
  free(names.text);
  return code;
}

static int begin(const struct pack_wish *wish, bool layer, const char *name) {
  /* A descriptor a level, in a layer one more for each layer below: a path of 4096 bytes can be 2048 levels deep. */
  allow_descriptors();
  packer.wish = *wish;
  packer.layer = layer;
  snprintf(packer.path, sizeof packer.path, "%s", name);
  return failed_unless(writer_begin(STDOUT_FILENO));
}

static int end(int code) {
  forget_links(&packer.links);
  packer.path[0] = '\0';
  if (code == 0 && !writer_end()) code = fail("write");
  if (code != 0) return code;
  if (packer.sockets) warn("pack: %u sockets were left out: they are nothing without their processes", packer.sockets);
  if (packer.changed) warn("pack: %u files were left out: they were removed or replaced meanwhile", packer.changed);
  return 0;
}

static int pack_top(int root, const char *path, const struct stat *about, int fd) {
  static const struct below none;
  int again, code;
  if (S_ISLNK(about->st_mode)) return pack_link(fd, "", 0, about);
  if (S_ISDIR(about->st_mode)) {
    again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    code = again < 0 ? fail("read") : pack_directory(again, 0, about, &none, false, false);
  } else if (S_ISREG(about->st_mode) && !packer.wish.shallow && !packer.wish.list) {
    struct stat now;
    again = open_in_root(root, path, packer.wish.follow ? file_flags & ~O_NOFOLLOW : file_flags);
    if (again < 0 || fstat(again, &now) < 0) code = fail("read");
    else if (!S_ISREG(now.st_mode)) errno = ESTALE, code = fail("read");
    else code = pack_file(again, 0, &now);
  } else {
    return S_ISREG(about->st_mode) ? pack_file(-1, 0, about) : pack_node(0, about);
  }
  if (again >= 0) close(again);
  return code;
}

int pack_path(int root_fd, const char *path, const char *name, const struct pack_wish *wish) {
  struct stat about;
  int code = begin(wish, false, name);
  if (code != 0) return code;
  int fd = open_in_root(root_fd, path, O_PATH | (wish->follow ? 0 : O_NOFOLLOW));
  if (fd < 0 || fstat(fd, &about) < 0) {
    bool missing = errno == ENOENT || errno == ENOTDIR;
    warn("pack: cannot find %s: %s", shown(path), strerror(errno));
    return missing ? PACK_NOT_THERE : APPLY_FAILED;
  }
  code = pack_top(root_fd, path, &about, fd);
  close(fd);
  return end(code);
}

int pack_layer(int upper_fd, int *lower_fds, size_t lower_count, const struct pack_wish *wish) {
  struct below lower = {lower_fds, lower_count};
  struct stat here, there;
  int code = begin(wish, true, "");
  if (code != 0) return code;
  if (fstat(upper_fd, &here) < 0) return fail("look at");
  bool known = lower_count > 0 && fstat(lower_fds[0], &there) == 0;
  return end(pack_directory(upper_fd, known ? below_byte(BELOW_DIRECTORY, &here, &there) : 0, &here, &lower, wish->whole, false));
}
