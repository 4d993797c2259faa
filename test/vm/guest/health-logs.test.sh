# shellcheck shell=bash
# Where there are a journal and a delegated cgroup.

it 'logs to the journal, and reads it back' <<'TEST'
  tsc-pod run --name a --network none --label of=it --log-driver journald --log-opt tag=my-tag --log-opt labels=of builtin:busybox \
    sh -c 'echo one; echo two >&2; printf "\377\001\n"; head -c 100000 /dev/zero | tr "\0" x; echo' >/dev/null 2>&1
  id=$(tsc-pod inspect -f '{{.Id}}' a)
  for ((i = 0; i < 50; i++)); do
    tsc-pod logs a >out 2>err
    [ "$(tail -c 5 out | tr -d '\n')" = xxxx ] && break
    sleep 0.2
  done
  same "$(head -n 1 out)" one
  same "$(cat err)" two
  same "$(sed -n 2p out | od -An -tx1 | tr -d ' ')" ff010a
  same "$(tail -n 1 out | wc -c)" 100001
  same "$(tsc-pod logs --tail 1 a 2>&1 | tail -c 3)" xx
  entry=$(journalctl --quiet --all -o json "CONTAINER_ID_FULL=$id" | head -n 1)
  grep -q '"CONTAINER_NAME":"a"' <<<"$entry"
  grep -q '"CONTAINER_TAG":"my-tag"' <<<"$entry"
  grep -q '"OF":"it"' <<<"$entry"
  grep -q '"PRIORITY":"6"' <<<"$entry"
  grep -q "\"CONTAINER_ID\":\"${id:0:12}\"" <<<"$entry"
TEST

it 'follows a container in the journal to its end' <<'TEST'
  tsc-pod run -d --name a --network none --log-driver journald builtin:busybox sh -c 'echo first; until test -e /go; do sleep 0.1; done; echo last'
  timeout 60 tsc-pod logs -f a >out &
  for ((i = 0; i < 100; i++)); do grep -q first out && break; sleep 0.1; done
  tsc-pod exec a touch /go
  wait $!
  same "$(cat out)" $'first\nlast'
TEST

it 'a health check counts in the cgroup of its container, and leaves nothing in it' <<'TEST'
  id=$(tsc-pod run -d --network none --name a --pids-limit 20 --health-interval disable --health-retries 1 --health-timeout 2s \
    --health-cmd 'grep -o "[^/]*$" /proc/self/cgroup; bomb() { bomb | bomb & }; bomb; sleep 100' builtin:busybox sleep 1000)
  group=$(find "$POD_CGROUP" -type d -path "*$id*/container")
  test -n "$group"
  if tsc-pod healthcheck run a; then exit 1; fi
  same "$(wc -l <"$group/cgroup.procs")" 1
  same "$(tsc-pod inspect -f '{{.State.Health.Status}}' a)" unhealthy
  # pids.current counts what is killed until its parent has taken note.
  eventually tsc-pod exec a true
TEST

it 'what is frozen is not checked' <<'TEST'
  tsc-pod run -d --network none --name a --health-interval 300ms --health-retries 1 --health-cmd true builtin:busybox sleep 1000
  for ((i = 0; i < 100; i++)); do [ "$(tsc-pod inspect -f '{{.State.Health.Status}}' a)" = healthy ] && break; sleep 0.1; done
  tsc-pod pause a
  before=$(tsc-pod inspect -f '{{json .State.Health}}' a)
  sleep 1.5
  same "$(tsc-pod inspect -f '{{json .State.Health}}' a)" "$before"
  tsc-pod unpause a
  for ((i = 0; i < 100; i++)); do [ "$(tsc-pod inspect -f '{{json .State.Health}}' a)" = "$before" ] || break; sleep 0.1; done
  same "$(tsc-pod inspect -f '{{.State.Health.Status}}' a)" healthy
TEST
