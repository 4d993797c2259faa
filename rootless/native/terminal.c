#define _GNU_SOURCE
#include "terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "die.h"
#include "mounts.h"

struct pty open_container_terminal(const struct plan *plan, const struct operation *operation) {
  struct pty pty;
  int unlocked = 0;
  pty.master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty.master < 0 || ioctl(pty.master, TIOCSPTLCK, &unlocked) < 0)
    die_errno("cannot make a terminal in the container");
  pty.slave = ioctl(pty.master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty.slave < 0) die_errno("cannot open the container's terminal");
  struct winsize size = {(unsigned short)number_of(operation->words[1]), (unsigned short)number_of(operation->words[2]), 0, 0};
  if (size.ws_row && size.ws_col) ioctl(pty.master, TIOCSWINSZ, &size);
  const struct operation *user = plan_find(plan, "user");
  if (user && fchown(pty.slave, (uid_t)number_of(user->words[1]), (gid_t)-1) < 0) die_errno("cannot give the terminal to its user");
  if (plan_find(plan, "pivot")) {
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) die_errno("cannot open /");
    mount_bind_file(root, pty.slave, "/dev/console");
    close(root);
  }
  return pty;
}

static int watched = -1;

void watch_terminal(void) {
  for (int fd = 2; fd >= 0; fd--)
    if (isatty(fd)) watched = fd;
}

bool terminal_hung_up(void) { return watched >= 0 && !isatty(watched); }

static struct termios before;
static int changed = -1;

bool raw_terminal(int fd) {
  struct termios raw;
  if (tcgetattr(fd, &before) < 0) return false;
  raw = before;
  cfmakeraw(&raw);
  if (tcsetattr(fd, TCSADRAIN, &raw) < 0) return false;
  changed = fd;
  return true;
}

void restore_terminal(void) {
  if (changed >= 0) tcsetattr(changed, TCSADRAIN, &before);
  changed = -1;
}
