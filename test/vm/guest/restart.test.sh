# shellcheck shell=bash
# What is to be there when restart.after-reboot.sh looks: the user's usual store, and a program that is there at once.

it 'makes the unit that brings containers back, and enables it' <<'TEST'
  unset TSC_POD_ROOT
  mkdir -p ~/bin
  cp /tests/bin/tsc-pod ~/bin/
  PATH=$HOME/bin:$PATH
  unit=~/.config/systemd/user/tsc-pod-restart.service
  tsc-pod run -d --name plain --network none builtin:busybox sleep 1000
  test ! -e "$unit"
  tsc-pod run -d --name back --restart always --network none builtin:busybox sleep 1000 2>said
  same "$(cat said)" ''
  grep -Fx "ExecStart=$HOME/bin/tsc-pod --root $HOME/.local/share/tsc-pod start --all --filter should-start-on-boot=true" "$unit"
  same "$(systemctl --user is-enabled tsc-pod-restart.service)" enabled
  systemd-analyze --user verify "$unit"
  tsc-pod run -d --name stubborn --restart unless-stopped --network none --memory 64m builtin:busybox \
    sh -c 'trap "exit 3" TERM; while sleep 1; do :; done'
  tsc-pod run -d --name down --restart unless-stopped --network none builtin:busybox sleep 1000
  tsc-pod stop -t 0 down
  tsc-pod run -d --name stopped-always --restart always --network none builtin:busybox sleep 1000
  tsc-pod stop -t 0 stopped-always
  same "$(tsc-pod info --format '{{.host.restartUnit.state}}')" enabled
TEST
