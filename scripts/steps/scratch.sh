# shellcheck shell=bash

# Where tests and benchmarks make their files: memory where there is enough and programs may run from it (Docker
# gives its containers 64 MB, noexec), else /var/tmp.
scratch_place() {
  local free
  free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1)
  if [ -w /dev/shm ] && [ "${free:-0}" -gt 2000000 ] && ! findmnt -n -o OPTIONS /dev/shm | grep -q noexec; then
    printf '/dev/shm\n'
  else
    printf '/var/tmp\n'
  fi
}
