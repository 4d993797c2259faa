# shellcheck shell=bash
# After a real reboot: the containers of restart.test.sh.

it 'brings back what has a restart policy, and nothing that the user has stopped' <<'TEST'
  unset TSC_POD_ROOT
  PATH=$HOME/bin:$PATH
  running() { tsc-pod ps --format '{{.Names}}' | sort | xargs; }
  all_back() { [ "$(running)" = 'back stopped-always stubborn' ]; }
  eventually all_back || { running; tsc-pod ps -a; systemctl --user status --no-pager tsc-pod-restart; exit 1; }
  eventually systemctl --user --quiet is-active tsc-pod-restart.service
  all_back
  same "$(tsc-pod exec back echo alive)" alive
  same "$(cat "$(find /sys/fs/cgroup/user.slice -path '*tsc-pod-*/container/memory.max' | xargs grep -l 67108864)")" 67108864
  same "$(tsc-pod system check)" ''
  tsc-pod rm -f -a
  same "$(tsc-pod ps -aq)" ''
TEST
