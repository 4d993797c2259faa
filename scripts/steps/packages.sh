# shellcheck shell=bash disable=SC2034
# Debian and Ubuntu packages: which are missing, and their installation without a question.

# PACKAGE:WHAT, where WHAT is a command or a path that shows that it is there.
build_packages=(
  musl-tools:musl-gcc
  gcc:gcc
  linux-libc-dev:/usr/include/linux/seccomp.h
  uidmap:newuidmap
  fuse-overlayfs:fuse-overlayfs
  slirp4netns:slirp4netns
  busybox-static:/var/lib/dpkg/info/busybox-static.list
  libcap2-bin:setcap
  ca-certificates:/etc/ssl/certs/ca-certificates.crt
)

# What the tests and benchmarks compare and talk with.
test_packages=(
  git:git
  podman:podman
  crun:crun
  skopeo:skopeo
  umoci:umoci
  docker-registry:docker-registry
  bubblewrap:bwrap
  hyperfine:hyperfine
  iproute2:ip
  iputils-ping:ping
  netcat-openbsd:nc.openbsd
  openssh-client:ssh-agent
  procps:ps
  passt:pasta
  iperf3:iperf3
  python3:/usr/bin/python3
  libc6-dev:/usr/include/stdio.h
  libseccomp-dev:/usr/include/seccomp.h
  strace:strace
  gdb:gdb
  apache2-utils:htpasswd
  jq:jq
  attr:getfattr
  openssl:openssl
  mmdebstrap:mmdebstrap
  debian-archive-keyring:/usr/share/keyrings/debian-archive-keyring.gpg
  e2fsprogs:mke2fs
)
case $(uname -m) in
  x86_64) test_packages+=(qemu-system-x86:qemu-system-x86_64) ;;
  aarch64) test_packages+=(qemu-system-arm:qemu-system-aarch64) ;;
esac

has() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
  esac
}

# missing_packages PACKAGE:WHAT...: prints the packages of those that are not there.
missing_packages() {
  local entry
  for entry in "$@"; do
    has "${entry#*:}" || printf '%s\n' "${entry%%:*}"
  done
}

# A service that a package brings (a registry, podman's) is not for this machine to start.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
  "$@" || status=$?
  rm -f "$policy"
  return "$status"
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"
}

# again COMMAND...: up to four times: a mirror may be out for a moment, another apt be at work at boot (the lock of the
# lists has no time-out of its own).
again() {
  local round
  for round in 1 2 3; do
    if "$@"; then return; fi
    sleep "${round}0"
  done
  "$@"
}

# install_packages PACKAGE...: as root.
install_packages() {
  has apt-get || die "these packages are missing: $*" "This system has no apt-get: install them its own way, then run this again."
  say "installing $*"
  quietly 'apt-get update' again apt update
  quietly 'apt-get install' again without_services apt --no-install-recommends install "$@"
}
