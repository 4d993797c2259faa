# shellcheck shell=bash
# The unprivileged account that containers run as. Started by root, the scripts never run a container as root.

# The account's name: the caller, unless that is root; then who called sudo; then podtest, which is made.
account_name() {
  if [ "$(id -u)" -ne 0 ]; then
    id -un
  elif [ -n "${TSC_POD_ACCOUNT:-}" ]; then
    printf '%s\n' "$TSC_POD_ACCOUNT"
  elif [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ]; then
    printf '%s\n' "$SUDO_USER"
  else
    printf 'podtest\n'
  fi
}

# has_ids FILE NAME: whether the account has a range in /etc/subuid or /etc/subgid. See subuid(5).
has_ids() {
  [ -r "$1" ] && grep -q -e "^$2:" -e "^$(id -u "$2"):" "$1"
}

# The first id above every range that is given away.
first_free_id() {
  cat /etc/subuid /etc/subgid 2>/dev/null |
    awk -F: 'BEGIN { top = 100000 } $2 + $3 > top { top = $2 + $3 } END { print top }'
}

# make_account: as root: the account, its ranges and its runtime directory.
make_account() {
  local name first
  name=$(account_name)
  if ! id "$name" >/dev/null 2>&1; then
    say "making the account $name"
    useradd --create-home --shell /bin/bash "$name"
  fi
  first=$(first_free_id)
  if ! has_ids /etc/subuid "$name"; then
    say "giving $name the user ids $first to $((first + 65535))"
    printf '%s:%s:65536\n' "$name" "$first" >>/etc/subuid
  fi
  if ! has_ids /etc/subgid "$name"; then
    say "giving $name the group ids $first to $((first + 65535))"
    printf '%s:%s:65536\n' "$name" "$first" >>/etc/subgid
  fi
}

# A runtime directory where no login made one (XDG Base Directory Specification: mode 0700, on a tmpfs).
runtime_directory() {
  local name=$1 uid
  uid=$(id -u "$name")
  if [ ! -d "/run/user/$uid" ]; then
    mkdir -p /run/user
    install -d -m 0700 -o "$name" -g "$(id -g "$name")" "/run/user/$uid"
  fi
  printf '/run/user/%s\n' "$uid"
}

# as_account COMMAND...: runs it as the account. Root's environment stays behind, but for what is given in the
# array account_environment (NAME=VALUE...). A caller who isn't root keeps their own.
account_environment=()
as_account() {
  if [ "$(id -u)" -ne 0 ]; then
    env "${account_environment[@]}" "$@"
    return
  fi
  local name home
  name=$(account_name)
  home=$(getent passwd "$name" | cut -d: -f6)
  setpriv --reuid "$name" --regid "$(id -g "$name")" --init-groups --inh-caps=-all \
    env -i --chdir=/ HOME="$home" USER="$name" LOGNAME="$name" SHELL=/bin/bash LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM="${TERM:-dumb}" XDG_RUNTIME_DIR="$(runtime_directory "$name")" "${account_environment[@]}" "$@"
}
