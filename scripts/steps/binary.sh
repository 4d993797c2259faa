# shellcheck shell=bash
# dist/tsc-pod: its build, and a place from where the unprivileged account can start it.

build_binary() {
  say 'building dist/tsc-pod'
  quietly 'the build' as_owner "$root/node_modules/.bin/node" "$root/scripts/build.ts"
}

# A clone in root's home, say, can't be read by the account: the binary alone is enough.
binary_for_account() {
  local name home
  if as_account test -x "$root/dist/tsc-pod" 2>/dev/null; then
    printf '%s\n' "$root/dist/tsc-pod"
    return
  fi
  name=$(account_name)
  home=$(getent passwd "$name" | cut -d: -f6)
  install -D -m 0755 -o "$name" -g "$(id -g "$name")" "$root/dist/tsc-pod" "$home/bin/tsc-pod"
  printf '%s\n' "$home/bin/tsc-pod"
}
