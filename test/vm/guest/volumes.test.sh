# shellcheck shell=bash
# Mounts and secrets on another kernel, and where systemd has made all mounts shared.

it 'has secrets in memory, as files and as variables, here too' <<'TEST'
  printf hush | tsc-pod secret create key - >/dev/null
  out=$(tsc-pod run --rm --network none --secret key --secret key,target=/etc/deep/key,uid=7,mode=0400 \
    --secret key,type=env,target=KEY --read-only builtin:busybox \
    sh -c 'cat /run/secrets/key /etc/deep/key; echo " $KEY"; stat -f -c %T /etc/deep/key; stat -c "%u %a" /etc/deep/key')
  same "$out" 'hushhush hush
tmpfs
7 400'
TEST

it 'finds a secret anew at each start, and says that it is gone' <<'TEST'
  printf one | tsc-pod secret create key - >/dev/null
  tsc-pod create --name c --network none --secret key builtin:busybox cat /run/secrets/key >/dev/null
  same "$(tsc-pod start -a c)" one
  printf two | tsc-pod secret create --replace key - >/dev/null
  same "$(tsc-pod start -a c)" two
  tsc-pod secret rm key >/dev/null
  same "$(tsc-pod start -a c 2>&1 | head -n 1)" \
    'Error: there is no secret key: it was removed after the container was made'
TEST

it 'mounts volumes of memory, parts of images, and what a tmpfs begins with' <<'TEST'
  tsc-pod volume create -o type=tmpfs -o o=size=1m,mode=711 memory >/dev/null
  out=$(tsc-pod run --rm --network none -v memory:/m --tmpfs /etc \
    --mount type=image,src=builtin:busybox,dst=/i,rw=true,subpath=etc builtin:busybox \
    sh -c 'stat -c %a /m; test -s /etc/group; rm /i/group; ls /i')
  same "$out" '711
nsswitch.conf
passwd
shadow'
TEST

it 'shares a volume of memory among the containers that run with it' <<'TEST'
  tsc-pod volume create -o type=tmpfs shared >/dev/null
  tsc-pod run -d --name one --network none -v shared:/m builtin:busybox sleep 100 >/dev/null
  tsc-pod exec one sh -c 'echo 1 >/m/f'
  same "$(tsc-pod run --rm --network none -v shared:/x builtin:busybox cat /x/f)" 1
  tsc-pod rm -f -t0 one >/dev/null
TEST

it 'takes propagation from a mount that systemd has shared' <<'TEST'
  mkdir here
  tsc-pod run --rm --network none -v "$PWD/here:/x:rslave" builtin:busybox grep -c ' /x .*master:' /proc/self/mountinfo
  same "$(tsc-pod run --rm --network none -v "$PWD/here:/x:rshared" builtin:busybox true 2>&1 | cut -d: -f1)" Warning
TEST
