# shellcheck shell=bash
# Limits by delegated cgroup v2: that they hold, and what is said where they can't be had.

it 'kills what goes over the memory limit, with 137 and OOMKilled' <<'TEST'
  status=0
  tsc-pod run --name hog --network none --memory 20m --memory-swap 20m builtin:busybox \
    sh -c 'x=a; while true; do x=$x$x; done' || status=$?
  same "$status" 137
  same "$(tsc-pod inspect --format '{{.State.OOMKilled}} {{.State.ExitCode}}' hog)" 'true 137'
TEST

it 'does not call a container killed for memory that was not' <<'TEST'
  status=0
  tsc-pod run --name killed --network none --memory 50m builtin:busybox sh -c 'exit 137' || status=$?
  same "$status" 137
  same "$(tsc-pod inspect --format '{{.State.OOMKilled}}' killed)" false
TEST

it 'shows the limits inside, as the kernel has them' <<'TEST'
  tsc-pod run --rm --network none --memory 64m --memory-swap 96m --memory-reservation 32m --cpus 1.5 \
    --cpu-shares 2000 --pids-limit 77 builtin:busybox sh -c \
    'cd /sys/fs/cgroup; cat memory.max memory.swap.max memory.low cpu.max cpu.weight pids.max /proc/self/cgroup' >out
  printf '%s\n' 67108864 33554432 33554432 '150000 100000' 170 77 0::/ >expected
  diff expected out
TEST

it 'allows as much swap as memory when nothing is said of it' <<'TEST'
  same "$(tsc-pod run --rm --network none -m 64m builtin:busybox cat /sys/fs/cgroup/memory.swap.max)" 67108864
  same "$(tsc-pod run --rm --network none -m 64m --memory-swap -1 builtin:busybox cat /sys/fs/cgroup/memory.swap.max)" max
TEST

it 'stops a fork bomb at the limit of processes' <<'TEST'
  tsc-pod run -d --name bomb --network none --pids-limit 30 builtin:busybox sh -c \
    'bomb() { bomb | bomb & }; bomb 2>/dev/null; sleep 1000'
  group=$(find "$POD_CGROUP" -type d -path '*tsc-pod-*/container')
  stopped() { test "$(cut -d ' ' -f 2 "$group/pids.events")" -gt 0; }
  eventually stopped
  test "$(cat "$group/pids.current")" -le 30
  test "$(cat "$group/pids.peak")" -le 30
  tsc-pod rm -f bomb
  eventually test ! -e "$group"
TEST

it 'holds the use of CPU' <<'TEST'
  tsc-pod run --rm --network none --cpus 0.2 builtin:busybox sh -c '
    now() { cut -d " " -f 1 /proc/uptime | tr -d .; }
    end=$(($(now) + 400)); i=0
    while [ "$(now)" -lt "$end" ]; do i=$((i + 1)); done
    cat /sys/fs/cgroup/cpu.stat' >stat
  cat stat
  # A fifth of the CPU: 20 ms in each period of 100 ms that the kernel counted, and what two CPUs may overdraw.
  awk '{ of[$1] = $2 } END { exit !(of["nr_throttled"] > 5 && of["usage_usec"] < (of["nr_periods"] + 2) * 20000 * 1.25) }' stat
TEST

it 'puts the container in a scope of its own, and leaves nothing' <<'TEST'
  id=$(tsc-pod run -d --network none --memory 64m builtin:busybox sleep 1000)
  scope=$(find "$POD_CGROUP" -type d -name "tsc-pod-$id-*.scope")
  systemctl --user --quiet is-active "$(basename "$scope")"
  test -n "$(cat "$scope/container/cgroup.procs")"
  test -n "$(cat "$scope/monitor/cgroup.procs")"
  tsc-pod rm -f "$id"
  eventually test ! -e "$scope"
  eventually systemctl --user --quiet list-units "$(basename "$scope")" --all
TEST

it 'can change the limits of a container that runs' <<'TEST'
  tsc-pod run -d --name change --network none --memory 64m builtin:busybox sleep 1000
  group=$(find "$POD_CGROUP" -type d -path '*tsc-pod-*/container')
  echo 33554432 >"$group/memory.max"
  echo '50000 100000' >"$group/cpu.max"
  echo 1 >"$group/cgroup.freeze"
  eventually grep -q 'frozen 1' "$group/cgroup.events"
  echo 0 >"$group/cgroup.freeze"
  same "$(tsc-pod exec change cat /sys/fs/cgroup/memory.max)" 33554432
  tsc-pod rm -f change
TEST

it 'says how to get a controller that is not delegated' <<'TEST'
  status=0
  tsc-pod run --rm --network none --cpuset-cpus 0 builtin:busybox true 2>error || status=$?
  same "$status" 125
  grep -q 'cannot limit the CPUs: the cgroup controller cpuset is not delegated to this user' error
  grep -q 'Delegate=cpu cpuset io memory pids' error
  same "$(wc -l <error)" 2
  same "$(tsc-pod ps -aq)" ''
TEST

it 'finds the user manager without XDG_RUNTIME_DIR' <<'TEST'
  same "$(env -u XDG_RUNTIME_DIR -u DBUS_SESSION_BUS_ADDRESS tsc-pod run --rm --network none --pids-limit 9 builtin:busybox cat /sys/fs/cgroup/pids.max)" 9
TEST

it 'uses a group that is delegated where there is no systemd' <<'TEST'
  cat >inside <<'INSIDE'
    mount --bind "$PWD" /run/systemd/system 2>/dev/null || mount -t tmpfs none /run/systemd
    rm -rf "$PWD/x"
    group=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
    mkdir "$group/shell"
    echo $$ >"$group/shell/cgroup.procs"
    tsc-pod run --rm --network none --pids-limit 11 builtin:busybox cat /sys/fs/cgroup/pids.max >out
    find "$group" -name 'tsc-pod-*' >left
INSIDE
  systemd-run --user --scope --quiet --collect -p Delegate=yes -- \
    unshare --user --map-current-user --keep-caps --mount bash -eu inside
  same "$(cat out)" 11
  same "$(cat left)" ''
TEST

it 'tells by doctor and info what is delegated' <<'TEST'
  tsc-pod doctor | grep -E "^ok +cgroups +cpu memory pids \(not cpuset, io\), by systemd's user manager"
  same "$(tsc-pod info --format '{{.host.cgroupVersion}} {{.host.cgroupManager}} {{.CgroupVersion}}')" 'v2 systemd 2'
TEST
