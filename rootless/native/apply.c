#define _GNU_SOURCE
#include "apply.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "inside.h"
#include "op-stream.h"
#include "remove.h"

/* The file or directory that data and attributes belong to, until the next operation that makes something. */
struct current {
  int fd; /* -1: none */
  bool is_file, ends_in_hole;
  struct meta meta;
  uint64_t offset;
  char path[INSIDE_PATH];
};

struct applier {
  struct stream stream;
  struct inside inside;
  struct current current;
  bool keeps_kinds; /* a directory doesn't take the place of anything else, nor the reverse */
  bool stale; /* something was removed: directories that were looked up may be gone */
  int status;
  unsigned unmapped, hidden, unattributed; /* what the notices at the end count */
};

static struct applier applier;
static struct record record;

/* Names come from outside: nothing of them reaches a terminal but printable ASCII and what UTF-8 is made of. */
static const char *shown(const char *path) {
  static char text[2][1024];
  static int turn;
  char *out = text[turn = !turn];
  size_t n = 0;
  for (; *path && n < sizeof text[0] - 5; path++) {
    unsigned char c = (unsigned char)*path;
    if (c < ' ' || c == 0x7f || c == '\\') n += (size_t)snprintf(out + n, 5, "\\%03o", c);
    else out[n++] = (char)c;
  }
  out[n] = '\0';
  return out;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
  char line[2400];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (length > (int)sizeof line - 1) length = sizeof line - 1;
  if (write(STDERR_FILENO, line, (size_t)length) < 0) return;
}

static int status_of(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return APPLY_NO_SPACE;
    case EXDEV: /* see make_missing */
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case EMLINK:
    case EFBIG:
    case EINVAL:
    case ENAMETOOLONG: return APPLY_REFUSED;
    default: return APPLY_FAILED;
  }
}

/* Tells what failed, from errno, and ends the work: returns false, so that callers can return it. */
static bool fail(struct applier *a, const char *verb, const char *path) {
  const char *why = strerror(errno);
  if (errno == EXDEV) why = "a symbolic link on the way leads out of the layer, or nowhere";
  a->status = status_of(errno);
  say("apply: cannot %s %s: %s\n", verb, *path ? shown(path) : "/", why);
  return false;
}

static bool bad_stream(struct applier *a, const char *why) {
  a->status = APPLY_BAD_STREAM;
  say("apply: the stream of file operations %s\n", why);
  return false;
}

/* Keeps an owner that can't be had here where fuse-overlayfs and containers/storage look for it. */
static void keep_owner(struct applier *a, int fd, const struct meta *meta) {
  char text[48];
  a->unmapped++;
  if (fd < 0) return; /* links and special files can't have attributes of users, xattr(7) */
  int n = snprintf(text, sizeof text, "%u:%u:0%o", meta->uid, meta->gid, meta->mode & 07777);
  if (fsetxattr(fd, "user.containers.override_stat", text, (size_t)n, 0) < 0) a->unattributed++;
}

/* EINVAL: the id isn't mapped, user_namespaces(7). EPERM: chown isn't allowed at all. */
static bool own(struct applier *a, int fd, int dir, const char *name, const struct meta *meta) {
  int bad = fd >= 0 ? fchown(fd, meta->uid, meta->gid)
                    : fchownat(dir, name, meta->uid, meta->gid, AT_SYMLINK_NOFOLLOW);
  if (bad == 0) return true;
  if (errno != EINVAL && errno != EPERM) return false;
  keep_owner(a, fd, meta);
  return true;
}

/* Mode and time come last: writing takes set-user-ID away and moves the time. */
static bool settle(struct applier *a) {
  struct current *c = &a->current;
  int fd = c->fd;
  if (fd < 0) return true;
  c->fd = -1;
  const struct timespec times[2] = {c->meta.mtime, c->meta.mtime};
  bool done = (!c->ends_in_hole || ftruncate(fd, (off_t)c->offset) == 0) &&
              fchmod(fd, c->meta.mode & 07777) == 0 && futimens(fd, times) == 0;
  if (!done) fail(a, "finish", c->path);
  if (close(fd) < 0 && done) return fail(a, "finish", c->path);
  return done;
}

static bool begin(struct applier *a, const char *path, int fd, bool is_file, const struct meta *meta) {
  a->current.fd = fd;
  a->current.is_file = is_file;
  a->current.ends_in_hole = false;
  a->current.offset = 0;
  a->current.meta = *meta;
  memcpy(a->current.path, path, strlen(path) + 1);
  return own(a, fd, -1, "", meta) || fail(a, "set the owner of", path);
}

/* What a whiteout hides: nothing, a name in the layers below (a device or, where mknod isn't allowed, a file). */
static bool is_whiteout(int dir, const char *name) {
  struct stat st;
  return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

/* The kernel's overlay (mount option userxattr) reads the first attribute, fuse-overlayfs the second. */
static bool make_opaque(int fd) {
  return fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) == 0 &&
         fsetxattr(fd, "user.fuseoverlayfs.opaque", "y", 1, 0) == 0;
}

static bool remove_existing(struct applier *a, int dir, const char *name) {
  a->stale = true;
  if (!a->keeps_kinds) return remove_tree(dir, name) == 0;
  return unlinkat(dir, name, 0) == 0 || errno == ENOENT; /* EISDIR: for all but a directory */
}

/*
 * Makes a directory, or takes the one that is there; opens it. In place of a whiteout, what the layers below
 * have under that name stays hidden.
 */
static int make_directory(struct applier *a, int dir, const char *name) {
  bool opaque = false;
  if (mkdirat(dir, name, 0755) < 0) {
    if (errno != EEXIST) return -1;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) return fd;
    if (a->keeps_kinds) {
      errno = ENOTDIR;
      return -1;
    }
    opaque = is_whiteout(dir, name);
    if (!remove_existing(a, dir, name) || mkdirat(dir, name, 0755) < 0) return -1;
  }
  int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && opaque && !make_opaque(fd)) {
    close(fd);
    return -1;
  }
  return fd;
}

/* A directory that no operation announced: root's, 0755. Links that lead nowhere and files are not replaced. */
static int make_missing(void *context, int dir, const char *name) {
  struct applier *a = context;
  struct stat st;
  if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !is_whiteout(dir, name)) {
    errno = S_ISLNK(st.st_mode) ? EXDEV : ENOTDIR;
    return -1;
  }
  int fd = make_directory(a, dir, name);
  if (fd < 0) return -1;
  int result = fchown(fd, 0, 0);
  close(fd);
  return result;
}

static int parent_of(struct applier *a, const char *path, const char **name) {
  if (a->stale) inside_forget(&a->inside);
  a->stale = false;
  return inside_parent(&a->inside, path, name, make_missing, a);
}

static bool do_directory(struct applier *a, const struct record *r) {
  const struct meta meta = meta_at(r->body);
  const char *name;
  int dir = parent_of(a, r->path, &name);
  int fd = dir < 0 ? -1 : make_directory(a, dir, name);
  if (fd < 0) return fail(a, "make the directory", r->path);
  return begin(a, r->path, fd, false, &meta);
}

static bool do_file(struct applier *a, const struct record *r) {
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const struct meta meta = meta_at(r->body);
  const char *name;
  int dir = parent_of(a, r->path, &name);
  int fd = dir < 0 ? -1 : openat(dir, name, flags, 0600);
  if (dir >= 0 && fd < 0 && errno == EEXIST && remove_existing(a, dir, name))
    fd = openat(dir, name, flags, 0600);
  if (fd < 0) return fail(a, "make the file", r->path);
  return begin(a, r->path, fd, true, &meta);
}

/* Links and special files are replaced in the same way: make, and once more when the name was taken. */
static bool own_special(struct applier *a, int dir, const char *name, const struct meta *meta) {
  const struct timespec times[2] = {meta->mtime, meta->mtime};
  return own(a, -1, dir, name, meta) && utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool do_symlink(struct applier *a, struct record *r) {
  const struct meta meta = meta_at(r->body);
  const char *target = (const char *)r->body + META_BYTES;
  const char *name;
  int dir = parent_of(a, r->path, &name);
  bool made = dir >= 0 && (symlinkat(target, dir, name) == 0 ||
                           (errno == EEXIST && remove_existing(a, dir, name) && symlinkat(target, dir, name) == 0));
  return (made && own_special(a, dir, name, &meta)) || fail(a, "make the symbolic link", r->path);
}

static bool same_file(int dir, const char *name, int other_dir, const char *other) {
  struct stat one, two;
  return fstatat(dir, name, &one, AT_SYMLINK_NOFOLLOW) == 0 &&
         fstatat(other_dir, other, &two, AT_SYMLINK_NOFOLLOW) == 0 && one.st_dev == two.st_dev &&
         one.st_ino == two.st_ino;
}

static bool do_hard_link(struct applier *a, struct record *r) {
  const char *name, *old, *target = (const char *)r->body;
  int dir = parent_of(a, r->path, &name);
  int from = dir < 0 ? -1 : inside_parent(&a->inside, target, &old, NULL, NULL);
  if (from < 0) return fail(a, "make the hard link", r->path);
  if (linkat(from, old, dir, name, 0) == 0) return true;
  if (errno == EEXIST) {
    if (same_file(from, old, dir, name)) return true;
    if (remove_existing(a, dir, name) && linkat(from, old, dir, name, 0) == 0) return true;
  }
  const char *why = strerror(errno);
  a->status = status_of(errno);
  say("apply: cannot make the hard link %s to %s: %s\n", shown(r->path), shown(target), why);
  return false;
}

static bool do_node(struct applier *a, const struct record *r) {
  const struct meta meta = meta_at(r->body);
  const dev_t device = makedev(u32_at(r->body + META_BYTES), u32_at(r->body + META_BYTES + 4));
  const char *name;
  int dir = parent_of(a, r->path, &name);
  bool made = dir >= 0 && (mknodat(dir, name, meta.mode, device) == 0 ||
                           (errno == EEXIST && remove_existing(a, dir, name) &&
                            mknodat(dir, name, meta.mode, device) == 0));
  return (made && own_special(a, dir, name, &meta)) || fail(a, "make the special file", r->path);
}

static bool do_xattr(struct applier *a, const struct record *r) {
  if (a->current.fd < 0) return bad_stream(a, "has an attribute of nothing");
  /* FUSE writes data at close(2), and that would take the capabilities away again. */
  if (strcmp(r->path, "security.capability") == 0) close(dup(a->current.fd));
  if (fsetxattr(a->current.fd, r->path, r->body, r->length, 0) == 0) return true;
  if (errno == ENOTSUP || errno == EPERM || errno == EINVAL) { /* EINVAL: an ACL of ids that aren't mapped */
    a->unattributed++;
    return true;
  }
  return fail(a, "set an extended attribute of", a->current.path);
}

/* fuse-overlayfs takes a file named .wh.NAME for a whiteout too; the kernel's overlay doesn't. */
static bool hide_by_name(struct applier *a, int dir, const char *name) {
  char other[300];
  if (snprintf(other, sizeof other, ".wh.%s", name) > NAME_MAX) {
    errno = ENAMETOOLONG;
    return false;
  }
  int fd = openat(dir, other, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0);
  if (fd < 0) return false;
  close(fd);
  a->hidden++;
  return true;
}

/*
 * A whiteout hides what the layers below have; what this layer has under the name stays (image-spec, layer.md):
 * a file of its own hides it anyway, a directory does when it is opaque.
 */
static bool do_whiteout(struct applier *a, const struct record *r) {
  const char *name;
  int dir = parent_of(a, r->path, &name);
  bool done = dir >= 0 && mknodat(dir, name, S_IFCHR, makedev(0, 0)) == 0;
  if (dir >= 0 && !done && errno == EEXIST) {
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    done = fd < 0 || make_opaque(fd);
    if (fd >= 0) close(fd);
  } else if (dir >= 0 && !done && errno == EPERM) {
    done = hide_by_name(a, dir, name);
  }
  return done || fail(a, "make the whiteout of", r->path);
}

static bool do_opaque(struct applier *a, const struct record *r) {
  const char *name;
  int dir = parent_of(a, r->path, &name);
  int fd = dir < 0 ? -1 : make_directory(a, dir, name);
  bool done = fd >= 0 && make_opaque(fd);
  if (!done) fail(a, "make opaque", r->path);
  if (fd >= 0) close(fd);
  return done;
}

/* The time of a directory, once all is in it. It may have been replaced since: then there is nothing to do. */
static bool do_times(struct applier *a, const struct record *r) {
  const struct timespec times[2] = {time_at(r->body), time_at(r->body)};
  const char *name;
  int dir = inside_parent(&a->inside, r->path, &name, NULL, NULL);
  if (dir >= 0 && utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) == 0) return true;
  return errno == ENOENT || errno == ENOTDIR || fail(a, "set the time of", r->path);
}

static bool write_all(int fd, const unsigned char *from, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, from, length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    from += n;
    length -= (size_t)n;
  }
  return true;
}

static bool do_data(struct applier *a, uint32_t length) {
  struct current *c = &a->current;
  if (c->fd < 0 || !c->is_file) return bad_stream(a, "has data of nothing");
  c->offset += length;
  c->ends_in_hole = false;
  while (length > 0) {
    const unsigned char *data;
    size_t n = stream_data(&a->stream, &data, length);
    if (n == 0) return bad_stream(a, a->stream.broken);
    if (!write_all(c->fd, data, n)) return fail(a, "write", c->path);
    length -= (uint32_t)n;
  }
  return true;
}

static bool do_hole(struct applier *a, const struct record *r) {
  struct current *c = &a->current;
  if (c->fd < 0 || !c->is_file) return bad_stream(a, "has a hole in nothing");
  const uint64_t length = u64_at(r->body);
  if (length > (uint64_t)INT64_MAX - c->offset) return bad_stream(a, "has a file that is too large");
  c->offset += length;
  c->ends_in_hole = true;
  return lseek(c->fd, (off_t)c->offset, SEEK_SET) >= 0 || fail(a, "write", c->path);
}

static bool do_sync(struct applier *a) {
  int fd = openat(a->inside.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* syncfs(2) takes no O_PATH */
  bool done = fd >= 0 && syncfs(fd) == 0;
  if (!done) fail(a, "write out", "");
  if (fd >= 0) close(fd);
  return done;
}

static bool carry_out(struct applier *a, struct record *r) {
  switch (r->op) {
    case 'D': return do_data(a, r->length);
    case 'H': return do_hole(a, r);
    case 'x': return do_xattr(a, r);
    default: break;
  }
  if (!settle(a)) return false;
  switch (r->op) {
    case 'd': return do_directory(a, r);
    case 'f': return do_file(a, r);
    case 'l': return do_symlink(a, r);
    case 'h': return do_hard_link(a, r);
    case 'n': return do_node(a, r);
    case 'w': return do_whiteout(a, r);
    case 'o': return do_opaque(a, r);
    case 't': return do_times(a, r);
    case 's': return do_sync(a);
    default: return true; /* 'e' */
  }
}

static void give_notices(const struct applier *a) {
  if (a->unmapped)
    say("apply: %u owners aren't mapped here; files and directories keep them in the attribute "
        "user.containers.override_stat\n", a->unmapped);
  if (a->unattributed) say("apply: %u extended attributes can't be kept here\n", a->unattributed);
  if (a->hidden)
    say("apply: %u whiteouts are .wh. files, because mknod isn't allowed here: only fuse-overlayfs reads them\n",
        a->hidden);
}

int apply_stream(int in_fd, int root_fd, bool keeps_kinds) {
  struct applier *a = &applier;
  memset(a, 0, sizeof *a);
  a->inside.fd = root_fd;
  a->keeps_kinds = keeps_kinds;
  a->current.fd = -1;
  umask(0);
  bool more = stream_begin(&a->stream, in_fd) || bad_stream(a, a->stream.broken);
  while (more) {
    more = stream_next(&a->stream, &record) || bad_stream(a, a->stream.broken);
    more = more && carry_out(a, &record) && record.op != 'e';
  }
  if (a->current.fd >= 0) close(a->current.fd);
  inside_forget(&a->inside);
  if (a->status == APPLY_OK) give_notices(a);
  return a->status;
}
