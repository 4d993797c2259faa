/** /etc/resolv.conf and /etc/hosts: what they have from the host as it is now, from flags, and what never. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { binary, command, environment, pod, podOk, sandbox, skip, test } from './harness/index.ts';

const STUB = 'nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch lan\n';
const BEHIND = 'nameserver 192.0.2.53\nnameserver 127.0.0.1\nnameserver fd00::53\nsearch corp.example\n';

/**
 * A script on a host of its own: namespaces in which /etc/resolv.conf and what systemd-resolved has at /run are these,
 * and `set_servers TEXT` changes the former. `run` and `pod` are tsc-pod.
 */
async function onHost(files: { resolv: string; behind?: string; hosts?: string }, script: string) {
  const file = (name: string, text: string) => {
    writeFileSync(join(sandbox.work, name), text);
    return join(sandbox.work, name);
  };
  const begin = `ip link set lo up && mount -t tmpfs none /run && mkdir -p /run/systemd/resolve || exit 77
mount --bind ${file('resolv.conf', files.resolv)} /etc/resolv.conf && mount --bind ${file('hosts', files.hosts ?? '127.0.0.1\tlocalhost\n')} /etc/hosts || exit 77
${files.behind === undefined ? '' : `cp ${file('behind', files.behind)} /run/systemd/resolve/resolv.conf`}
set_servers() { printf "$1" >/etc/resolv.conf; }
pod() { ${binary} "$@"; }
run() { pod run --rm "$@"; }
${script}`;
  const env = { TSC_POD_ROOT: join(sandbox.dir, 'nested'), PATH: `${environment.PATH}:/usr/sbin:/sbin` };
  const ran = await command(['unshare', '-rmn', 'sh', '-c', begin], { env });
  if (ran.code === 77) skip('no namespace can be made to play the host');
  return ran;
}

const CAT = `${BUSYBOX} cat /etc/resolv.conf`;

test("behind systemd-resolved's stub are the real servers; the network's own stands before them", async () => {
  const ran = await onHost(
    { resolv: STUB, behind: BEHIND },
    `for m in slirp4netns none host; do run --network $m ${CAT}; echo; done`,
  );
  const own = 'search corp.example\nnameserver 10.0.2.3\nnameserver 192.0.2.53\nnameserver fd00::53\n';
  const none = 'search corp.example\nnameserver 192.0.2.53\n';
  assert.equal(ran, ended(0, [own, none, STUB, ''].join('\n')));
});

test("servers at the host's loopback alone are asked by way of the network; without one there are none", async () => {
  const script = `for m in slirp4netns none; do run --network $m ${CAT}; echo; done`;
  const ran = await onHost({ resolv: 'nameserver 127.0.0.1\nnameserver ::1\noptions ndots:2\n' }, script);
  assert.equal(ran, ended(0, 'nameserver 10.0.2.3\noptions ndots:2\n\noptions ndots:2\n\n'));
  const bare = await onHost({ resolv: '' }, script);
  assert.equal(bare, ended(0, 'nameserver 10.0.2.3\n\n\n'));
});

test('a file that has changed between two starts is that of the second', async () => {
  const script = `pod create --name c ${CAT} >/dev/null; pod start -a c; echo
set_servers 'nameserver 198.51.100.1\\nsearch vpn.example\\n'; pod start -a c; echo
set_servers 'nameserver 192.0.2.1\\n'; pod restart c >/dev/null; pod wait c >/dev/null; pod logs c | tail -n 2; pod rm c >/dev/null`;
  const ran = await onHost({ resolv: 'nameserver 192.0.2.1\n' }, script);
  const [first, vpn] = [
    'nameserver 10.0.2.3\nnameserver 192.0.2.1\n',
    'search vpn.example\nnameserver 10.0.2.3\nnameserver 198.51.100.1\n',
  ];
  assert.equal(ran, ended(0, `${first}\n${vpn}\n${first}`));
});

test('what the flags say takes the place of what the host has, in every network', async () => {
  const flags =
    '--dns 10.5.5.5 --dns fd00::5 --dns-search a.example --dns-search b.example --dns-option ndots:3 --dns-opt rotate';
  const script = `for m in slirp4netns none host; do run --network $m ${flags} ${CAT}; done; run --dns-search . ${CAT}`;
  const ran = await onHost({ resolv: STUB, behind: BEHIND }, script);
  const asked =
    'search a.example b.example\nnameserver 10.5.5.5\nnameserver fd00::5\noptions ndots:3 rotate\n';
  const rest = 'nameserver 10.0.2.3\nnameserver 192.0.2.53\nnameserver fd00::53\n';
  assert.equal(ran, ended(0, asked.repeat(3) + rest));
});

test('a bridge network has its own resolver, and what the host searches', async () => {
  const ran = await pod([
    'run',
    '--rm',
    '--network',
    'bridge',
    '--dns-search',
    'a.example',
    BUSYBOX,
    'cat',
    '/etc/resolv.conf',
  ]);
  assert.match(ran.stdout, /^search a\.example\nnameserver 10\.\d+\.\d+\.1\n(options .*\n)?$/);
});

test('--no-hosts leaves the file of the image, --dns none its resolv.conf', async () => {
  const script = 'ls /etc/hosts /etc/resolv.conf 2>&1 | sort; cat /etc/hostname';
  const ran = await pod([
    'run',
    '--rm',
    '--no-hosts',
    '--dns',
    'none',
    '--hostname',
    'box',
    BUSYBOX,
    'sh',
    '-c',
    script,
  ]);
  const missing = (path: string) => `ls: ${path}: No such file or directory\n`;
  assert.equal(ran, ended(0, `${missing('/etc/hosts')}${missing('/etc/resolv.conf')}box\n`));
  const both = await pod(['run', '--rm', '--no-hosts', '--add-host', 'a:1.2.3.4', BUSYBOX, 'true']);
  assert.equal(
    both,
    ended(125, '', 'Error: cannot use --add-host a:1.2.3.4: --no-hosts leaves no file for it\n'),
  );
});

test('the host has its two names wherever it can be reached', async () => {
  const script = 'grep host.containers.internal /etc/hosts; grep gw /etc/hosts; true';
  const hosts = (...flags: string[]) => podOk(['run', '--rm', ...flags, BUSYBOX, 'sh', '-c', script]);
  const both = 'host.containers.internal host.docker.internal';
  assert.is(await hosts('--network', 'none'), '');
  assert.is(
    await hosts('--network', 'host', '--add-host', 'gw:host-gateway'),
    `127.0.0.1\t${both}\n127.0.0.1\tgw`,
  );
  const loopback = 'slirp4netns:allow_host_loopback=true';
  assert.is(
    await hosts('--network', loopback, '--add-host', 'gw:host-gateway'),
    `10.0.2.2\t${both}\n10.0.2.2\tgw`,
  );
  const [slirp, bridge] = [await hosts('--network', 'slirp4netns'), await hosts('--network', 'bridge')];
  assert.is(bridge, slirp);
  assert.match(slirp, new RegExp(`^$|^[0-9.]+\t${both}$`));
  const own = await hosts('--network', 'none', '--add-host', 'host.docker.internal:10.0.0.9');
  assert.is(own, '');
});

test('without a way to the host, host-gateway is refused', async () => {
  const ran = await pod([
    'run',
    '--rm',
    '--network',
    'none',
    '--add-host',
    'gw:host-gateway',
    BUSYBOX,
    'true',
  ]);
  assert.is(ran.code, 125);
  assert.match(
    ran.stderr,
    /^Error: cannot use --add-host gw:host-gateway: this network has no way to the host\n/,
  );
});

test("in the host's network the file is the host's, with its own names", async () => {
  const hosts = '127.0.0.1\tlocalhost\n192.0.2.9\tprinter\n';
  const ran = await onHost(
    { resolv: '', hosts },
    `run --network host --hostname box --name box1 ${BUSYBOX} cat /etc/hosts`,
  );
  const names = '127.0.0.1\tbox box1\n127.0.0.1\thost.containers.internal host.docker.internal\n';
  assert.equal(ran, ended(0, hosts + names));
});

test.run();
