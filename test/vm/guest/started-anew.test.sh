# shellcheck shell=bash
# A container that is started anew, by its policy or by hand, is in its own cgroup, with its limits.

it 'one that its policy starts anew is in the same scope, with its limits, and the monitor beside it' <<'TEST'
  id=$(tsc-pod run -d --name a --network none --restart always --memory 64m --pids-limit 40 builtin:busybox \
    sh -c 'echo up >>/ups; exec sleep 1000')
  scope=$(find "$POD_CGROUP" -type d -name "tsc-pod-$id-*.scope")
  before=$(ls "$scope")
  first=$(tsc-pod inspect -f '{{.State.Pid}}' a)
  count() { tsc-pod inspect -f '{{.State.Status}} {{.RestartCount}}' a; }
  is() { test "$(count)" = "$1"; }
  for round in 1 2; do
    kill -9 "$(tsc-pod inspect -f '{{.State.Pid}}' a)"
    eventually is "running $round"
    pid=$(tsc-pod inspect -f '{{.State.Pid}}' a)
    test "$pid" != "$first"
    grep -qx "$pid" "$scope/container/cgroup.procs"
    same "$(cat "$scope/monitor/cgroup.procs")" "$(tsc-pod inspect -f '{{.State.ConmonPid}}' a)"
    same "$(cat "$scope/container/memory.max" "$scope/container/pids.max" | xargs)" '67108864 40'
    same "$(tsc-pod exec a cat /proc/self/cgroup /sys/fs/cgroup/memory.max | xargs)" '0::/ 67108864'
    tsc-pod stats --no-stream --format '{{.MemUsage}}' a | grep -E '/ 64MiB$'
  done
  same "$(ls "$scope")" "$before"

  # By hand it is another scope, and limits that were updated hold.
  tsc-pod update --memory 48m a
  tsc-pod restart -t 0 a
  eventually test ! -e "$scope"
  scope=$(find "$POD_CGROUP" -type d -name "tsc-pod-$id-*.scope")
  pid=$(tsc-pod inspect -f '{{.State.Pid}}' a)
  grep -qx "$pid" "$scope/container/cgroup.procs"
  same "$(cat "$scope/container/memory.max")" 50331648
  kill -9 "$pid"
  eventually is 'running 1'
  same "$(tsc-pod exec a cat /sys/fs/cgroup/memory.max)" 50331648

  # The freezer, and what it leaves.
  tsc-pod pause a
  grep -q 'frozen 1' "$scope/container/cgroup.events"
  tsc-pod restart -t 0 a
  eventually test ! -e "$scope"
  scope=$(find "$POD_CGROUP" -type d -name "tsc-pod-$id-*.scope")
  grep -q 'frozen 0' "$scope/container/cgroup.events"
  same "$(count)" 'running 0'
  tsc-pod pause a
  kill -9 "$(tsc-pod inspect -f '{{.State.Pid}}' a)"
  tsc-pod unpause a || true
  eventually is 'running 1'
  tsc-pod exec a true
  grep -q 'frozen 0' "$scope/container/cgroup.events"

  tsc-pod rm -f a
  eventually test ! -e "$scope"
TEST

it 'on-failure starts anew what the kernel killed for its memory, each time with 137' <<'TEST'
  tsc-pod run -d --name hog --network none --restart on-failure:1 --memory 20m --memory-swap 20m builtin:busybox \
    sh -c 'echo try; x=aaaaaaaa; while true; do x=$x$x; done'
  same "$(tsc-pod wait hog)" 137
  same "$(tsc-pod inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}} {{.RestartCount}}' hog)" 'true 137 1'
  same "$(tsc-pod logs hog | xargs)" 'try try'
TEST

it 'a pod has its limits, and its containers the cgroup namespace that is asked for' <<'TEST'
  tsc-pod pod create --name p --network none
  tsc-pod run -d --pod p --name in --memory 32m builtin:busybox sleep 1000
  tsc-pod run -d --pod p --name host --cgroupns host --memory 32m builtin:busybox sleep 1000
  same "$(tsc-pod exec in cat /proc/1/cgroup | xargs)" '0::/'
  id=$(tsc-pod inspect -f '{{.Id}}' host)
  tsc-pod exec host cat /proc/self/cgroup | grep -E "^0::/.*/tsc-pod-$id-[0-9]+.scope/container$"
  tsc-pod pod restart p
  same "$(tsc-pod exec in cat /sys/fs/cgroup/memory.max)" 33554432
  tsc-pod pod rm -f p
  same "$(tsc-pod ps -aq)" ''
TEST

it 'a container that its killed monitor left behind is ended by the next command' <<'TEST'
  # With the host's process ids, only the first process dies with the monitor.
  id=$(tsc-pod run -d --name left --network none --pid host builtin:busybox sh -c 'sleep 4321 & sleep 4321')
  scope=$(find "$POD_CGROUP" -type d -name "tsc-pod-$id-*.scope")
  test "$(wc -l <"$scope/container/cgroup.procs")" = 2
  kill -9 "$(tsc-pod inspect -f '{{.State.ConmonPid}}' left)"
  tsc-pod run --rm --network none builtin:busybox true
  eventually test ! -e "$scope"
  tsc-pod rm left
TEST

it 'of many starts at once all are fine, and it is started once' <<'TEST'
  tsc-pod create --name race --network none builtin:busybox sh -c 'echo start; exec sleep 1000' >id
  for i in 1 2 3 4; do tsc-pod start race >"said$i" 2>&1 & done
  wait
  same "$(cat said?)" "$(printf 'race\nrace\nrace\nrace')"
  eventually eval '[ -n "$(tsc-pod logs race)" ]'
  same "$(tsc-pod logs race)" start
  one_scope() { test "$(find "$POD_CGROUP" -type d -name "tsc-pod-$(cat id)-*.scope" | wc -l)" = 1; }
  eventually one_scope
TEST
