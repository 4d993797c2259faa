#define _GNU_SOURCE
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apply.h"
#include "link-table.h"
#include "copy-owner.h"
#include "descriptors.h"
#include "die.h"
#include "directory-names.h"
#include "remove.h"

enum { PATH_ROOM = 4096, CHUNK = 1 << 20 };

/* One entry at hand; its directories are descriptors, so no name is ever looked up over more than one step. */
struct walk {
  int to_root;
  char path[PATH_ROOM]; /* below the root: for messages, and where the first of hard links lies */
  struct link_table links;
};

/* Returns an exit status, so that callers can return it. */
static int fail(const struct walk *w, const char *verb) {
  int error = errno;
  warn("cannot %s /%s: %s", verb, w->path, strerror(error));
  return error == ENOSPC || error == EDQUOT ? APPLY_NO_SPACE : APPLY_FAILED;
}

/* Copies in the kernel, by sharing blocks where the file system can; data only, so that holes stay. */
static int copy_range(int from, int to, off_t at, off_t end) {
  static char *buffer;
  while (at < end) {
    off_t in = at, out = at;
    ssize_t n = copy_file_range(from, &in, to, &out, (size_t)(end - at), 0);
    if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == ENOTSUP)) {
      if (!buffer && !(buffer = malloc(CHUNK))) die("out of memory");
      n = pread(from, buffer, end - at < CHUNK ? (size_t)(end - at) : CHUNK, at);
      if (n > 0) n = pwrite(to, buffer, (size_t)n, at);
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    at += n;
  }
  return 0;
}

static int copy_data(int from, int to, off_t size) {
  if (size == 0 || ioctl(to, FICLONE, from) == 0) return 0;
  if (ftruncate(to, size) < 0) return -1;
  for (off_t at = 0; at < size;) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break; /* a hole up to the end */
    off_t end = data < 0 ? size : lseek(from, data, SEEK_HOLE);
    if (data < 0) data = at;
    if (end < 0) end = size;
    if (copy_range(from, to, data, end) < 0) return -1;
    at = end;
  }
  return 0;
}

/* Others may have put links on the way to the first name. */
static bool link_again(const struct walk *w, const char *first, int to_dir, const char *name) {
  char parent[PATH_ROOM] = ".";
  const char *slash = strrchr(first, '/');
  if (slash) snprintf(parent, sizeof parent, "%.*s", (int)(slash - first), first);
  struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
  int directory = (int)syscall(SYS_openat2, w->to_root, parent, &how, sizeof how);
  bool linked = directory >= 0 && linkat(directory, slash ? slash + 1 : first, to_dir, name, 0) == 0;
  if (directory >= 0) close(directory);
  return linked;
}

/* Whether it is a further name of what was copied already, and now has that name in the copy too. */
static bool is_linked(struct walk *w, int to_dir, const char *name, const struct stat *about) {
  const char *first = about->st_nlink > 1 ? first_name(&w->links, about, w->path) : NULL;
  /* A whiteout or a directory may have taken the first name away: then this one is copied anew. */
  return first && link_again(w, first, to_dir, name);
}

static int copy_file(struct walk *w, int from_dir, int to_dir, const char *name, const struct stat *about) {
  int from = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (from < 0) return fail(w, "read");
  int to = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  int code = 0;
  if (to < 0 || copy_data(from, to, about->st_size) < 0 || copy_metadata(from, to, about) < 0) code = fail(w, "copy");
  if (to >= 0 && close(to) < 0 && code == 0) code = fail(w, "copy");
  close(from);
  return code;
}

static int copy_link(struct walk *w, int from_dir, int to_dir, const char *name, const struct stat *about) {
  char target[PATH_ROOM + 1];
  const struct timespec times[2] = {about->st_mtim, about->st_mtim};
  ssize_t length = readlinkat(from_dir, name, target, sizeof target - 1);
  if (length < 0) return fail(w, "read the link");
  target[length] = '\0';
  if (symlinkat(target, to_dir, name) < 0) return fail(w, "make the link");
  int bad = fchownat(to_dir, name, copied_uid(about), copied_gid(about), AT_SYMLINK_NOFOLLOW);
  if (bad < 0 && errno != EPERM && errno != EINVAL) return fail(w, "set the owner of");
  return utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : fail(w, "set the time of");
}

static int copy_node(struct walk *w, int to_dir, const char *name, const struct stat *about) {
  const struct timespec times[2] = {about->st_mtim, about->st_mtim};
  if (mknodat(to_dir, name, about->st_mode, about->st_rdev) < 0) return fail(w, "make the special file");
  int bad = fchownat(to_dir, name, copied_uid(about), copied_gid(about), AT_SYMLINK_NOFOLLOW);
  if (bad < 0 && errno != EPERM && errno != EINVAL) return fail(w, "set the owner of");
  if (fchmodat(to_dir, name, about->st_mode & 07777, AT_SYMLINK_NOFOLLOW) < 0) return fail(w, "set the mode of");
  return utimensat(to_dir, name, times, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : fail(w, "set the time of");
}

static int merge(struct walk *w, int from, int to);

static int copy_directory(struct walk *w, int from_dir, int to_dir, const char *name, const struct stat *about) {
  const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int code = 0, from = openat(from_dir, name, flags);
  if (from < 0) return fail(w, "read the directory");
  int opaque = is_opaque(from);
  if (opaque < 0 || (opaque > 0 && remove_tree(to_dir, name) < 0)) code = fail(w, "empty the directory");
  bool made = code == 0 && mkdirat(to_dir, name, 0700) == 0;
  int to = code == 0 && (made || errno == EEXIST) ? openat(to_dir, name, flags) : -1;
  if (code == 0 && to < 0) code = fail(w, "make the directory");
  /* A default access list that a lower layer left would rub off on what is made in the directory, acl(5). */
  if (code == 0 && !made) drop_attributes(to);
  if (code == 0) code = merge(w, from, to);
  if (code == 0 && copy_metadata(from, to, about) < 0) code = fail(w, "finish the directory");
  if (to >= 0) close(to);
  close(from);
  return code;
}

/* The name that an entry hides; NULL when it is no whiteout. */
static const char *hidden_name(const char *name, const struct stat *about) {
  if (strncmp(name, ".wh.", 4) == 0) return name + 4;
  return S_ISCHR(about->st_mode) && about->st_rdev == 0 ? name : NULL;
}

static int copy_entry(struct walk *w, int from_dir, int to_dir, const char *name, const struct stat *about) {
  if (S_ISDIR(about->st_mode)) {
    struct stat there;
    bool other = fstatat(to_dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(there.st_mode);
    if (other && unlinkat(to_dir, name, 0) < 0) return fail(w, "replace");
    return copy_directory(w, from_dir, to_dir, name, about);
  }
  if (remove_tree(to_dir, name) < 0) return fail(w, "replace");
  if (is_linked(w, to_dir, name, about)) return 0;
  if (S_ISREG(about->st_mode)) return copy_file(w, from_dir, to_dir, name, about);
  if (S_ISLNK(about->st_mode)) return copy_link(w, from_dir, to_dir, name, about);
  return copy_node(w, to_dir, name, about);
}

/* Whiteouts come first: they hide what the layers below have, never what this one brings. */
static int merge_names(struct walk *w, int from, int to, const struct names *names, bool whiteouts) {
  size_t length = strlen(w->path);
  int code = 0;
  for (const char *name = names->text; *name && code == 0; name += strlen(name) + 1) {
    struct stat about;
    int room = snprintf(w->path + length, sizeof w->path - length, "%s%s", length ? "/" : "", name);
    if (fstatat(from, name, &about, AT_SYMLINK_NOFOLLOW) < 0) code = fail(w, "look at");
    else if ((size_t)room >= sizeof w->path - length) errno = ENAMETOOLONG, code = fail(w, "copy");
    else {
      const char *hidden = hidden_name(name, &about);
      if (hidden && whiteouts && *hidden && strcmp(hidden, ".") != 0 && strcmp(hidden, "..") != 0) {
        if (remove_tree(to, hidden) < 0) code = fail(w, "carry out the whiteout");
      } else if (!hidden && !whiteouts) code = copy_entry(w, from, to, name, &about);
    }
    w->path[length] = '\0';
  }
  return code;
}

static int merge(struct walk *w, int from, int to) {
  struct names names;
  int code = list_names(from, &names) < 0 ? fail(w, "list the directory") : 0;
  if (code == 0) code = merge_names(w, from, to, &names, true);
  if (code == 0) code = merge_names(w, from, to, &names, false);
  free(names.text);
  return code;
}

/* Two descriptors a level: a path of 4096 bytes can be 2048 levels deep. */
static int copy(int from_fd, int to_fd, bool itself) {
  struct rlimit before = allow_descriptors();
  mode_t mask = umask(0);
  struct walk w = {.to_root = to_fd};
  struct stat about;
  int from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int to = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int code = from < 0 || to < 0 || fstat(from, &about) < 0 ? fail(&w, "open the layer") : merge(&w, from, to);
  if (code == 0 && itself) {
    drop_attributes(to);
    if (copy_metadata(from, to, &about) < 0) code = fail(&w, "finish");
  }
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  forget_links(&w.links);
  umask(mask);
  setrlimit(RLIMIT_NOFILE, &before);
  return code;
}

int copy_layer(int from_fd, int to_fd) { return copy(from_fd, to_fd, true); }

int copy_content(int from_fd, int to_fd) { return copy(from_fd, to_fd, false); }
