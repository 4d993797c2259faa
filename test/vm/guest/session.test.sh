# shellcheck shell=bash
# The ground that the other guest tests stand on.

it 'has a systemd manager for the user' <<'TEST'
  eventually systemctl --user --quiet is-active default.target
  same "$XDG_RUNTIME_DIR" /run/user/1000
  test -S "$XDG_RUNTIME_DIR/bus"
TEST

it 'has the cpu, memory and pids controllers delegated to the user' <<'TEST'
  for controller in cpu memory pids; do
    grep -qw "$controller" "$POD_CGROUP/cgroup.controllers"
  done
  test -w "$POD_CGROUP/cgroup.procs"
TEST

it 'has only cgroup v2' <<'TEST'
  same "$(stat -fc %T /sys/fs/cgroup)" cgroup2fs
TEST

it 'lets the user have /dev/fuse and /dev/net/tun' <<'TEST'
  test -w /dev/fuse
  test -w /dev/net/tun
TEST

it 'runs a container' <<'TEST'
  same "$(tsc-pod run --rm builtin:busybox echo hello)" hello
TEST

it 'tells of the kernel that runs, not of the one that the binary was built on' <<'TEST'
  same "$(tsc-pod info --format '{{.Host.Kernel}}')" "$(uname -r)"
TEST
