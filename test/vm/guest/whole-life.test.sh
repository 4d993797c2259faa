# shellcheck shell=bash
# redis in a Debian lives from its first start to its removal, and through a reboot: whole-life.after-reboot.sh goes on.

LIFE=$HOME/whole-life
export LIFE

# What a container could leave: processes, mounts, control groups, files. What is written down of the past is no trace.
world() {
  ps -u "$(id -un)" -o comm= | grep -vxE 'dbus-daemon|systemd|\(sd-pam\)' | sort
  cut -d' ' -f2,3 /proc/self/mounts | grep -v binfmt | sort
  find "$POD_CGROUP" -type d -name '*tsc-pod*'
  find "$LIFE/data" "$XDG_RUNTIME_DIR/tsc-pod" ! -name events.jsonl ! -path '*/locks/*' ! -path '*/layers/*/*' ! -name '*.lock' | sort
}
redis() {
  tsc-pod exec redis redis-cli "$@"
}
answers() {
  [ "$(redis ping)" = PONG ]
}
# Other tests have containers of their own.
group_of_redis() {
  find "$POD_CGROUP" -type d -path "*tsc-pod-$(tsc-pod inspect --format '{{.Id}}' redis)-*/container"
}
mkdir -p "$LIFE"
export -f world redis answers group_of_redis

it -t 300 'redis runs with a port, a volume and limits, is paused, measured, restarted for its health, and updated' <<'TEST'
  export TSC_POD_ROOT=$LIFE/data
  tsc-pod run --rm --memory 64m builtin:busybox true
  world >"$LIFE/before"
  perl /tests/guest/registry.pl 5000 /tests/redis &
  registry=$!
  mkdir -p ~/.config/containers
  printf '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' >~/.config/containers/registries.conf
  eventually tsc-pod pull -q 127.0.0.1:5000/redis
  kill $registry

  tsc-pod run -d --name redis -p 6379:6379 -v redis-data:/data --memory 64m --pids-limit 100 \
    --health-cmd 'redis-cli ping | grep -q PONG' --health-interval 2s --health-retries 2 --health-timeout 30s \
    --health-on-failure restart 127.0.0.1:5000/redis \
    redis-server --bind 0.0.0.0 --protected-mode no --dir /data --save 1 1
  eventually answers
  exec 3<>/dev/tcp/127.0.0.1/6379
  printf 'SET answer 42\r\n' >&3
  read -r -t 20 said <&3
  same "$said" $'+OK\r'
  exec 3>&-
  tsc-pod logs redis | grep -q 'Ready to accept connections'

  group=$(group_of_redis)
  same "$(cat "$group/memory.max" "$group/pids.max" | xargs)" '67108864 100'
  tsc-pod update --memory 128m --pids-limit 50 --cpus 0.9 redis
  same "$(cat "$group/memory.max" "$group/pids.max" "$group/cpu.max" | xargs)" '134217728 50 90000 100000'

  tsc-pod pause redis
  same "$(cat "$group/cgroup.freeze")" 1
  same "$(tsc-pod inspect --format '{{.State.Status}}' redis)" paused
  tsc-pod unpause redis
  eventually answers
  tsc-pod stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' redis | tee stats
  grep -qE '^redis [0-9.]+MiB / 128MiB [0-9]+$' stats
  tsc-pod top redis args | grep -q redis-server

  echo 'from outside' >note
  tsc-pod cp note redis:/opt/
  tsc-pod diff redis | grep -Fx 'A /opt/note'

  redis config set requirepass forgotten
  restarted() { [ "$(tsc-pod inspect --format '{{.RestartCount}}' redis)" != 0 ]; }
  eventually restarted
  eventually answers
  same "$(redis get answer)" 42
  group=$(group_of_redis)
  same "$(cat "$group/memory.max")" 134217728

  tsc-pod rename redis other
  tsc-pod rename other redis
  tsc-pod commit -q -c 'CMD ["cat", "/opt/note"]' redis localhost/kept
  same "$(tsc-pod run --rm --network none localhost/kept)" 'from outside'
  tsc-pod stop redis
  tsc-pod start redis
  eventually answers
  same "$(redis get answer)" 42
TEST
