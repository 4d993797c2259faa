# shellcheck shell=bash
# Looking at and changing what runs, where a cgroup is delegated.

it 'pauses by the freezer, and shows it' <<'TEST'
  id=$(tsc-pod run -d --network none --name a builtin:busybox sh -c 'i=0; while :; do i=$((i+1)); echo $i >/n; done')
  group=$(find "$POD_CGROUP" -type d -path "*$id*/container")
  tsc-pod pause a
  same "$(grep frozen "$group/cgroup.events")" 'frozen 1'
  same "$(tsc-pod ps --format '{{.State}}')" paused
  tsc-pod ps --format '{{.Status}}' | grep -E '^Up .* \(Paused\)$'
  if tsc-pod exec a true; then exit 1; fi
  tsc-pod unpause a
  same "$(grep frozen "$group/cgroup.events")" 'frozen 0'
  tsc-pod exec a true
TEST

it -t 180 'stop, kill and rm -f end a paused container' <<'TEST'
  for how in 'stop -t 5' kill 'rm -f'; do
    tsc-pod run -d --network none --name a builtin:busybox sh -c 'trap "exit 3" TERM; sleep 1000 & wait'
    tsc-pod pause a
    timeout 60 tsc-pod $how a
    tsc-pod rm -f a
  done
TEST

it -t 180 'updates the limits of a container that runs, and keeps them' <<'TEST'
  id=$(tsc-pod run -d --network none --name a --memory 64m --pids-limit 50 builtin:busybox sleep 1000)
  group=$(find "$POD_CGROUP" -type d -path "*$id*/container")
  tsc-pod update --memory 32m --cpus 0.5 --pids-limit 11 --cpu-shares 512 a
  same "$(cat "$group/memory.max")" 33554432
  same "$(cat "$group/memory.swap.max")" 33554432
  same "$(cat "$group/cpu.max")" '50000 100000'
  same "$(cat "$group/pids.max")" 11
  same "$(tsc-pod inspect -f '{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.NanoCpus}}' a)" '33554432 11 500000000'
  tsc-pod update --pids-limit -1 --cpus 0 a
  same "$(cat "$group/pids.max")" max
  same "$(cat "$group/cpu.max")" 'max 100000'
  same "$(cat "$group/memory.max")" 33554432
TEST

it 'changes nothing where one limit can not be set' <<'TEST'
  id=$(tsc-pod run -d --network none --name a --pids-limit 50 builtin:busybox sleep 1000)
  group=$(find "$POD_CGROUP" -type d -path "*$id*/container")
  before=$(sha256sum data/containers/*/config.json data/containers/*/container.json)
  if tsc-pod update --pids-limit 11 --blkio-weight 100 a; then exit 1; fi
  same "$(cat "$group/pids.max")" 50
  same "$(sha256sum data/containers/*/config.json data/containers/*/container.json)" "$before"
TEST

it 'refuses a memory limit below what is in use' <<'TEST'
  tsc-pod run -d --network none --name a --memory 200m --tmpfs /t builtin:busybox sh -c 'head -c 24m /dev/zero >/t/x; touch /t/done; sleep 1000'
  eventually tsc-pod exec a test -e /t/done
  tsc-pod update --memory 8m a 2>said && exit 1
  grep -E 'it uses [0-9]+ bytes now' said
  tsc-pod update --memory 150m a
TEST

it 'a limit that was updated holds' <<'TEST'
  tsc-pod run -d --network none --name a --pids-limit 50 builtin:busybox sleep 1000
  tsc-pod update --pids-limit 5 a
  if tsc-pod exec a sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 5 & done'; then exit 1; fi
TEST

it 'stats come from the cgroup' <<'TEST'
  tsc-pod run -d --network none --name a --memory 64m builtin:busybox sh -c 'while :; do :; done'
  tsc-pod stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}} {{.CPUPerc}}' a | tee said
  grep -E '^a 1 [0-9.]+[kKM]i?B / 64MiB [1-9][0-9.]*%$' said
TEST
