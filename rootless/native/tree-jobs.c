#define _GNU_SOURCE
#include "tree-jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "link-table.h"
#include "walk.h"

struct usage {
  unsigned long long allocated, size, count;
  struct link_table links;
};

static int count_entry(void *context, int parent, const char *name, const struct stat *about) {
  (void)parent, (void)name;
  struct usage *usage = context;
  if (!S_ISDIR(about->st_mode) && about->st_nlink > 1 && first_name(&usage->links, about, "")) return 0;
  usage->allocated += (unsigned long long)about->st_blocks * 512;
  if (S_ISREG(about->st_mode)) usage->size += (unsigned long long)about->st_size;
  usage->count++;
  return 0;
}

int job_disk_usage(const struct operation *job) {
  struct usage usage = {0};
  for (size_t i = 1; i < job->count; i++) {
    usage.allocated = usage.size = usage.count = 0;
    walk(job->words[i], count_entry, &usage);
    printf("%llu %llu %llu\n", usage.allocated, usage.size, usage.count);
  }
  forget_links(&usage.links);
  return fflush(stdout) == 0 ? 0 : 1;
}

struct owner {
  uid_t uid;
  gid_t gid;
};

static int give_entry(void *context, int parent, const char *name, const struct stat *about) {
  const struct owner *owner = context;
  if (about->st_uid == owner->uid && about->st_gid == owner->gid) return 0;
  if (fchownat(parent, name, owner->uid, owner->gid, AT_SYMLINK_NOFOLLOW) == 0 || errno == ENOENT) return 0;
  return errno;
}

int job_chown(const struct operation *job) {
  struct owner owner = {(uid_t)number_of(job->words[1]), (gid_t)number_of(job->words[2])};
  for (size_t i = 3; i < job->count; i++) {
    int error = walk(job->words[i], give_entry, &owner);
    if (error) die("cannot change the owner of what is in %s: %s", job->words[i], strerror(error));
  }
  return 0;
}

int job_sync(const struct operation *job) {
  int fd = open(job->words[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* syncfs(2) takes no O_PATH */
  if (fd < 0 || syncfs(fd) < 0) die_errno("cannot write out %s", job->words[1]);
  close(fd);
  return 0;
}
