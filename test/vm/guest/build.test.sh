# shellcheck shell=bash
# Builds: the digest that another machine gave, and limits in real cgroups.

it 'gives the digest that the host gave for the same files and time' <<'TEST'
  tsc-pod build -q --source-date-epoch 1700000000 --network none --metadata-file metadata --iidfile id /tests/guest/build-context
  grep '"containerimage.digest": "sha256:' metadata
  diff /tests/guest/build-metadata metadata
  same "$(tsc-pod run --rm --network none "$(cat id)")" 'written with b'
TEST

it 'holds a step to the limits of the build, and leaves no group' <<'TEST'
  mkdir context
  cat >context/Dockerfile <<'DOCKERFILE'
FROM builtin:busybox
RUN cd /sys/fs/cgroup && cat memory.max memory.swap.max cpu.max cpu.weight >/limits && ulimit -n >>/limits
RUN x=a; while true; do x=$x$x; done
DOCKERFILE
  status=0
  tsc-pod build --progress plain --network none --memory 24m --memory-swap 24m --cpus 0.5 --cpu-shares 2000 \
    --ulimit nofile=123:456 context 2>talk || status=$?
  cat talk
  same "$status" 1
  grep -q 'exit code: 137' talk
  image=$(sed -n 's|.*--entrypoint /bin/sh \([0-9a-f]*\) .*|\1|p' talk)
  same "$(tsc-pod run --rm --network none "$image" cat /limits | xargs)" '25165824 0 50000 100000 170 123'
  eventually eval '[ -z "$(find "$POD_CGROUP" -type d -name "*tsc-pod-*")" ]'
TEST

it 'leaves no process and no group when it is killed' <<'TEST'
  mkdir context
  printf 'FROM builtin:busybox\nRUN sleep 1234\n' >context/Dockerfile
  for signal in INT KILL; do
    tsc-pod build -q --network none --memory 64m context & build=$!
    eventually pgrep -xf 'sleep 1234'
    kill -"$signal" "$build"
    status=0
    wait "$build" || status=$?
    test "$status" -ge 130
    eventually bash -c '! pgrep -xf "sleep 1234" && [ -z "$(find "$POD_CGROUP" -type d -name "*tsc-pod-*")" ]'
  done
  tsc-pod system check --repair
  same "$(ls "$XDG_RUNTIME_DIR/tsc-pod" "$TSC_POD_ROOT/builds" | grep -v : | xargs)" ''
TEST
