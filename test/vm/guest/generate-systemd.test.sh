# shellcheck shell=bash
# Units of `generate systemd`, by systemctl --user.

it 'runs a container that is made anew by each start, as a part of its unit' <<'TEST'
  mkdir -p ~/.config/systemd/user
  tsc-pod run -d --name web --network none --memory 64m -e 'A=b  $c %d "e"' builtin:busybox \
    sh -c 'trap "exit 0" TERM; echo "$A"; while sleep 1; do :; done'
  cd ~/.config/systemd/user
  same "$(tsc-pod generate systemd --new --name --files web)" "$PWD/container-web.service"
  tsc-pod rm -f web
  systemd-analyze --user verify ./container-web.service
  systemctl --user daemon-reload
  systemctl --user start container-web.service
  same "$(systemctl --user is-active container-web.service)" active
  same "$(tsc-pod ps --format '{{.Names}} {{.Status}}' | cut -d' ' -f1-2)" 'web Up'
  same "$(tsc-pod logs web)" 'b  $c %d "e"'
  group=/sys/fs/cgroup$(systemctl --user show -P ControlGroup container-web.service)
  same "$(cat "$group/container/memory.max")" 67108864
  main=$(systemctl --user show -P MainPID container-web.service)
  grep -qx "$main" "$group/monitor/cgroup.procs"
  tsc-pod exec web true
  systemctl --user restart container-web.service
  tsc-pod exec web true
  systemctl --user stop container-web.service
  same "$(systemctl --user is-failed container-web.service)" inactive
  same "$(tsc-pod ps -aq)" ''
  test ! -e "$group"
TEST

it 'starts and stops a container that stays, and starts it anew when it fails' <<'TEST'
  tsc-pod run -d --name stays --network none builtin:busybox sh -c 'trap "exit 0" TERM; while sleep 1; do :; done'
  tsc-pod stop -t 5 stays
  cd ~/.config/systemd/user
  tsc-pod generate systemd --name --restart-policy always --restart-sec 0 --no-header stays >container-stays.service
  systemctl --user daemon-reload
  systemctl --user start container-stays.service
  tsc-pod exec stays true
  tsc-pod kill stays
  restarted() { test "$(systemctl --user show -P NRestarts container-stays.service)" != 0; }
  eventually restarted
  eventually tsc-pod exec stays true
  systemctl --user stop container-stays.service
  same "$(tsc-pod inspect --format '{{.State.Status}}' stays)" exited
  systemctl --user start container-stays.service
  tsc-pod stop -t 5 stays
  systemctl --user stop container-stays.service
  tsc-pod rm stays
TEST

it 'tells systemd that it is ready when the monitor is, or when the container says so' <<'TEST'
  tsc-pod run --rm --network none builtin:busybox true
  as_unit() { # UNIT FLAG...
    local unit=$1
    shift
    timeout 90 systemd-run --user --quiet --collect --unit="$unit" -p Type=notify -p NotifyAccess=all -p Delegate=yes \
      -p TimeoutStartSec=60 -p TimeoutStopSec=3 --setenv=TSC_POD_ROOT="$TSC_POD_ROOT" --setenv=PATH="$PATH" tsc-pod run -d "$@"
  }
  as_unit monitor --name ready --sdnotify conmon --network none builtin:busybox sleep 100
  same "$(systemctl --user is-active monitor)" active
  same "$(systemctl --user show -P MainPID monitor)" "$(tsc-pod inspect --format '{{.State.ConmonPid}}' ready)"
  systemctl --user stop monitor || true
  status=0
  as_unit itself --name silent --sdnotify container --network none builtin:busybox \
    sh -c 'test -S "$NOTIFY_SOCKET" && touch /told' || status=$?
  test "$status" -ne 0
  tsc-pod diff silent | grep -x 'A /told'
TEST

it 'warns once where the end of the session would end a container' <<'TEST'
  cat >inside <<'INSIDE'
    mount -t tmpfs none /var/lib/systemd/linger
    for name in a b; do
      tsc-pod run -d --name "$name" --network none builtin:busybox true 2>>said
    done
INSIDE
  unshare --user --map-current-user --keep-caps --mount bash -eu inside >/dev/null
  cat said
  same "$(grep -c 'Warning: your containers end when you log out: loginctl enable-linger pod ' said)" 1
  tsc-pod run -d --name c --network none builtin:busybox true 2>said
  same "$(cat said)" ''
TEST
