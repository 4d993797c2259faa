# shellcheck shell=bash
# Progress goes to standard error: one line a step.

say() { printf '==> %s\n' "$*" >&2; }

# die MESSAGE [HINT]
die() {
  printf 'Error: %s\n' "$1" >&2
  if [ $# -gt 1 ]; then printf '       %s\n' "${@:2}" >&2; fi
  exit 1
}

# help_if_asked ARG...: for -h or --help prints what the script's first comment says, and ends it.
help_if_asked() {
  case ${1:-} in -h | --help) ;; *) return 0 ;; esac
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
  exit 0
}

# quietly NAME COMMAND...: its output is shown only when it fails.
quietly() {
  local name=$1 log status=0
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ]; then
    sed 's/^/    | /' "$log" >&2
    printf 'Error: %s failed (exit status %s): %s\n' "$name" "$status" "$*" >&2
  fi
  rm -f "$log"
  return "$status"
}
