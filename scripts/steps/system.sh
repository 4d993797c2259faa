# shellcheck shell=bash
# What containers need of the system and no package brings.

# open_devices: as root. On a desktop udev has opened both already.
open_devices() {
  open_device /dev/fuse 10 229
  open_device /dev/net/tun 10 200
}

# open_device PATH MAJOR MINOR (numbers: the kernel's admin-guide/devices.txt)
open_device() {
  if [ ! -c "$1" ]; then
    say "making $1"
    mkdir -p "${1%/*}"
    mknod "$1" c "$2" "$3" || say "warning: $1 can't be made here: what needs it won't work"
  fi
  if [ -c "$1" ] && [ "$(stat -c %a "$1")" != 666 ]; then
    say "opening $1 to users"
    chmod 0666 "$1" || say "warning: $1 stays closed to users"
  fi
}

setting() { cat "/proc/sys/$1" 2>/dev/null || printf '%s\n' "$2"; }

# Ubuntu since 23.10, for who has no profile; that of an account is the same as `tsc-pod doctor` prints.
apparmor_forbids_namespaces() {
  [ "$(setting kernel/apparmor_restrict_unprivileged_userns 0)" = 1 ] && [ ! -e "$(apparmor_profile)" ]
}

apparmor_profile() { printf '/etc/apparmor.d/tsc-pod-%s\n' "$(id -u "$(account_name)")"; }

# allow_namespaces: as root: a profile for the account's launcher, and for nothing else.
allow_namespaces() {
  local profile home
  if ! apparmor_forbids_namespaces || ! has apparmor_parser; then return; fi
  profile=$(apparmor_profile) home=$(getent passwd "$(account_name)" | cut -d: -f6)
  say "letting AppArmor allow tsc-pod of $(account_name) to make user namespaces: $profile"
  cat >"$profile" <<PROFILE
abi <abi/4.0>,
include <tunables/global>
profile ${profile##*/} "$home/.local/share/tsc-pod/libexec/*/launcher" flags=(unconfined) {
  userns,
}
PROFILE
  apparmor_parser -r "$profile" || rm "$profile"
}

# Names what forbids user namespaces to users, with the command that mends it. Changes nothing: it is the
# administrator's choice.
name_restrictions() {
  if apparmor_forbids_namespaces; then
    say "Ubuntu's AppArmor rule restricts user namespaces: containers won't start without a profile, or until"
    say '    sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'
  fi
  if [ "$(setting kernel/unprivileged_userns_clone 1)" = 0 ]; then
    say "this kernel forbids user namespaces to users: containers won't start until"
    say '    sudo sysctl kernel.unprivileged_userns_clone=1'
  fi
  if [ "$(setting user/max_user_namespaces 1)" = 0 ]; then
    say "no user namespace may be made: containers won't start until"
    say '    sudo sysctl user.max_user_namespaces=15000'
  fi
}

# crun, and so podman, refuses cgroup v1 and v2 side by side while v2 still has a controller (hugetlb is the one that
# machines forget): mounted as v1 it is out of the way.
separate_cgroups() {
  grep -qsw hugetlb /sys/fs/cgroup/unified/cgroup.controllers || return 0
  mkdir -p /sys/fs/cgroup/hugetlb
  mount -t cgroup -o hugetlb cgroup /sys/fs/cgroup/hugetlb || say 'cannot mount hugetlb as cgroup v1: crun can not be compared with'
}
