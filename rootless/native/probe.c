#define _GNU_SOURCE
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "die.h"
#include "remove.h"

/* NULL, or what failed, with errno. All names are relative to the probe's directory, which is the current one. */
static const char *try_overlay(void) {
  static const char *const directories[] = {"lower", "lower/full", "upper", "work", "merged"};
  for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
    if (mkdir(directories[i], 0755) < 0) return "make directories";
  int fd = open("lower/full/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || link("lower/full/file", "lower/file") < 0) return "make files";
  close(fd);
  if (mount("overlay", "merged", "overlay", 0, "userxattr,lowerdir=lower,upperdir=upper,workdir=work") < 0)
    return "mount an overlay";
  struct stat about;
  const char *failed = NULL;
  if (setxattr("merged/full", "user.probe", "y", 1, 0) < 0) failed = "set an extended attribute";
  else if (unlink("merged/file") < 0 || stat("merged/file", &about) == 0) failed = "remove a file";
  else if (unlink("merged/full/file") < 0 || rmdir("merged/full") < 0) failed = "remove a directory";
  else if (mkdir("merged/full", 0755) < 0 || stat("merged/full/file", &about) == 0) failed = "make a directory anew";
  else if (rename("merged/full", "merged/other") < 0) failed = "rename a directory";
  else if (chown("merged/other", 0, 0) < 0) failed = "set an owner";
  int error = errno;
  umount2("merged", MNT_DETACH);
  errno = error;
  return failed;
}

int probe_overlay(const char *directory) {
  char name[64];
  snprintf(name, sizeof name, ".overlay-probe-%d", getpid());
  if (chdir(directory) < 0) die_errno("cannot enter %s", directory);
  int top = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (top < 0 || mkdir(name, 0700) < 0 || chdir(name) < 0) die_errno("cannot try the overlay in %s", directory);
  const char *failed = try_overlay();
  int error = errno;
  if (fchdir(top) < 0 || remove_tree(top, name) < 0) warn("cannot remove %s/%s", directory, name);
  close(top);
  if (!failed) return 0;
  if (error == ENODEV) die("the kernel has no overlay file system");
  die("cannot %s: %s", failed, strerror(error));
}
