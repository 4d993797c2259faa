# shellcheck shell=bash
# Published ports on Debian's kernel: who a container sees, and who answers whom.

it 'shows the container who its clients are, and keeps the answers in its network' <<'TEST'
  # busybox' nc has no peer's address, but the kernel's table has: the other end of port 80.
  for network in slirp4netns bridge; do
    tsc-pod run -d --name web --network "$network" -p 8080:80 -p '[::1]:8080:80' builtin:busybox \
      sh -c 'while :; do echo hello | nc -l -p 80; done' >/dev/null
    ask() { timeout 10 bash -c 'cat </dev/tcp/'"$1"'/8080'; }
    eventually ask 127.0.0.1
    own=$(ip -4 -o addr show scope global | sed -n 's/.*inet \([0-9.]*\).*/\1/p' | head -n 1)
    for host in 127.0.0.1 ::1 $own; do eventually eval '[ "$(ask "$host")" = hello ]'; done
    tsc-pod exec web ip rule | grep -q 'fwmark 0x74736370 lookup 116'
    tsc-pod exec web ip route | grep -q '^default via'
    ! tsc-pod run --rm -p 8080:80 builtin:busybox true 2>said
    grep -q 'address already in use by the container web' said
    tsc-pod rm -f -t 0 web >/dev/null
  done
TEST

it 'publishes UDP in both families, and answers by the address that was asked' <<'TEST'
  server='$s = IO::Socket::INET->new(Proto => "udp", LocalPort => 53); $s->send($s->peerhost . " $m") while defined $s->recv($m, 999)'
  for network in slirp4netns bridge; do
    tsc-pod run -d --name names --network "$network" -p 5353:53/udp -p '[::1]:5353:53/udp' -v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro \
      builtin:busybox /usr/bin/perl -MIO::Socket::INET -e "$server" >/dev/null
    # bash connects its socket: an answer from elsewhere isn't heard.
    ask() { timeout 5 bash -c 'exec 3<>/dev/udp/'"$1"'/5353; echo hello >&3; head -n 1 <&3'; }
    gateway=10.0.2.2
    [ "$network" = slirp4netns ] || gateway=$(tsc-pod network inspect --format '{{(index .IPAM.Config 0).Gateway}}' bridge)
    own=$(ip -4 -o addr show scope global | sed -n 's/.*inet \([0-9.]*\).*/\1/p' | head -n 1)
    for host in 127.0.0.1 127.0.0.7 ::1; do eventually eval '[ "$(ask "$host")" = "$gateway hello" ]'; done
    for host in $own; do eventually eval '[ "$(ask "$host")" = "$host hello" ]'; done
    tsc-pod rm -f -t 0 names >/dev/null
  done
TEST

it 'names the sysctl for a port that is for root alone' <<'TEST'
  ! tsc-pod run --rm -p 80:80 builtin:busybox true 2>said
  grep -q 'sudo sysctl net.ipv4.ip_unprivileged_port_start=80' said
TEST
