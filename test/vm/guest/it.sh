# shellcheck shell=bash
# What a guest test is written with. A file test/vm/guest/NAME.test.sh holds any number of
#
#   it 'says what is true' <<'TEST'
#     any bash; the test passes if every command does (set -eu, pipefail)
#   TEST
#
# They run as the user pod (uid 1000), logged in, with tsc-pod in PATH, in an empty $HOME-like folder of their own.
# `it -t SECONDS` allows more than 150: the machine is emulated. Every test has its own tsc-pod data, a copy of a store
# with the built-in image (a start of tsc-pod takes seconds here), and its containers are removed after it.

# Values that tests may use.
export POD_CGROUP=/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service

store=/tmp/store
if [ ! -e $store ]; then
  TSC_POD_ROOT=$store tsc-pod run --rm --network none builtin:busybox true </dev/null
  rm $store/events.jsonl
fi

it() {
  local seconds=150 name body log status=0 folder begin=$EPOCHREALTIME took
  if [ "$1" = -t ]; then
    seconds=$2
    shift 2
  fi
  name=$1
  body=$(cat)
  folder=$(mktemp -d /tmp/test.XXXXXX)
  log=$folder.log
  cp -a $store "$folder/data"
  # A group of its own, so that nothing outlives the limit. The terminal is no test's input.
  (cd "$folder" && TSC_POD_ROOT=$folder/data timeout --kill-after=5 "$seconds" bash -euo pipefail -c "$body") \
    </dev/null >"$log" 2>&1 || status=$?
  if [ -n "$(ls "$folder/data/containers")" ]; then
    TSC_POD_ROOT=$folder/data timeout 60 tsc-pod rm -f -t 0 -a </dev/null >/dev/null 2>&1 || true
  fi
  took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 100000))
  if [ "$status" -eq 0 ]; then
    printf 'ok %5s s  %s\n' "$((took / 10)).$((took % 10))" "$name"
  else
    if [ "$status" -eq 124 ]; then printf 'took longer than %s s\n' "$seconds" >>"$log"; fi
    sed 's/^/# /' "$log"
    printf '# exit status %s\n' "$status"
    printf 'not ok %s\n' "$name"
  fi
}

# eventually COMMAND...: until it succeeds, for 100 seconds.
eventually() {
  local end=$((SECONDS + 100))
  until "$@"; do
    if [ "$SECONDS" -ge "$end" ]; then
      echo "still failing: $*"
      return 1
    fi
    sleep 0.2
  done
}
# same ACTUAL EXPECTED
same() {
  if [ "$1" != "$2" ]; then
    printf 'expected: %s\nactual:   %s\n' "$2" "$1"
    return 1
  fi
}
export -f eventually same
