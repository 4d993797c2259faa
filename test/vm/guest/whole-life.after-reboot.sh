# shellcheck shell=bash
# After the reboot of whole-life.test.sh, whose functions it has.
# shellcheck source=/dev/null
. <(sed '/^it /,$d' /tests/guest/whole-life.test.sh)

it 'redis is there after the reboot, with its data and limits, and goes without a trace' <<'TEST'
  export TSC_POD_ROOT=$LIFE/data
  same "$(tsc-pod ps -a --format '{{.Names}} {{.State}}')" 'redis exited'
  same "$(tsc-pod system check)" ''
  tsc-pod start redis
  eventually answers
  same "$(redis get answer)" 42
  same "$(tsc-pod exec redis cat /opt/note)" 'from outside'
  same "$(cat "$(group_of_redis)/memory.max")" 134217728
  tsc-pod rm -f -v redis
  tsc-pod volume rm redis-data
  tsc-pod rmi localhost/kept 127.0.0.1:5000/redis
  # Before, there were the containers of other tests, too.
  gone() { world >after && ! comm -13 <(sort "$LIFE/before") <(sort after) | grep .; }
  eventually gone
TEST
