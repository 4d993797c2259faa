# shellcheck shell=bash
# Node and the packages of package-lock.json. npm brings the Node that builds and tests run on (node-linux-ARCH),
# so the system's only has to be able to run npm.

# Whether node_modules holds what the lock file says. npm keeps its own record of that in .package-lock.json.
dependencies_fresh() {
  [ -x "$root/node_modules/.bin/node" ] && [ -e "$root/node_modules/.package-lock.json" ] &&
    "$root/node_modules/.bin/node" -e '
      const read = (path) => JSON.parse(require("fs").readFileSync(path)).packages;
      const want = read(process.argv[1]), have = read(process.argv[2]);
      process.exit(Object.keys(want).some((name) => name !== "" && !want[name].optional && !want[name].peer &&
        want[name].version !== have[name]?.version) ||
        Object.keys(have).some((name) => have[name].version !== want[name]?.version) ? 1 : 0);
    ' "$root/package-lock.json" "$root/node_modules/.package-lock.json"
}

# The clone's owner writes what is written into it, also under sudo.
as_owner() {
  local owner
  owner=$(stat -c %U "$root")
  if [ "$(id -u)" -ne 0 ] || [ "$owner" = root ] || [ "$owner" = UNKNOWN ]; then
    "$@"
  else
    runuser -u "$owner" -- env HOME="$(getent passwd "$owner" | cut -d: -f6)" "$@"
  fi
}

# Debian's npm 9 installs the package but makes no link for a command named node.
link_node() {
  local arch
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) return ;;
  esac
  [ -e "$root/node_modules/.bin/node" ] || as_owner ln -s "../node-linux-$arch/bin/node" "$root/node_modules/.bin/node"
}

install_dependencies() {
  if dependencies_fresh; then return; fi
  [ -w "$root" ] || die "cannot install Node packages: $root is not yours to write" "Clone the repository to a folder of your own."
  say 'installing Node and its packages from the npm registry'
  # No package needs its install script; a newer npm would not run it either.
  quietly 'npm ci' as_owner npm --prefix "$root" ci --ignore-scripts --no-audit --no-fund --loglevel=error
  link_node
  [ -x "$root/node_modules/.bin/node" ] || die "npm has no Node for $(uname -m)" "Supported are x86_64 and aarch64."
}
