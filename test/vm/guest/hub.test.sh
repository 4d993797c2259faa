# shellcheck shell=bash
# The hub of bridge networks under systemd: a scope of its own, limits of its containers, and nothing left.

it 'keeps the hub in a scope of its own, and gives containers in it their limits' <<'TEST'
  tsc-pod network create n >/dev/null
  id=$(tsc-pod run -d --name web --network n --memory 64m builtin:busybox httpd -f -p 80)
  scope=$(find "$POD_CGROUP" -type d -name 'tsc-pod-hub-*.scope')
  hub=$(cut -d ' ' -f 1 "$XDG_RUNTIME_DIR/tsc-pod/hub/state")
  grep -q "/$(basename "$scope")" "/proc/$hub/cgroup"
  same "$(tsc-pod exec web cat /sys/fs/cgroup/memory.max)" 67108864
  # The first one's end is not the hub's: it goes on for the second.
  tsc-pod run -d --name second --network n --pids-limit 50 builtin:busybox sleep 1000 >/dev/null
  tsc-pod rm -f "$id" >/dev/null
  same "$(cut -d ' ' -f 1 "$XDG_RUNTIME_DIR/tsc-pod/hub/state")" "$hub"
  same "$(tsc-pod exec second cat /sys/fs/cgroup/pids.max)" 50
  tsc-pod run --rm --network n builtin:busybox nslookup second | grep -q 'Name:.*second'
  tsc-pod rm -f second >/dev/null
  eventually test ! -e "$scope"
  same "$(ls "$XDG_RUNTIME_DIR/tsc-pod/hub")" ''
TEST

it 'goes on by another hub in another scope when that is killed' <<'TEST'
  tsc-pod network create k >/dev/null
  tsc-pod run -d --name one --network k builtin:busybox httpd -f -p 80 >/dev/null
  hub=$(cut -d ' ' -f 1 "$XDG_RUNTIME_DIR/tsc-pod/hub/state")
  scope=$(find "$POD_CGROUP" -type d -name 'tsc-pod-hub-*.scope')
  kill -9 "$hub"
  eventually tsc-pod run --rm --network k builtin:busybox nslookup one
  eventually tsc-pod exec one ip addr show eth0
  test "$(cut -d ' ' -f 1 "$XDG_RUNTIME_DIR/tsc-pod/hub/state")" != "$hub"
  eventually test ! -e "$scope"
  tsc-pod rm -f one >/dev/null
  eventually test ! -e "$XDG_RUNTIME_DIR/tsc-pod/hub/state"
  eventually eval '[ -z "$(find "$POD_CGROUP" -type d -name "tsc-pod-hub-*.scope")" ]'
TEST
