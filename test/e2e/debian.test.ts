/** A whole distribution: a Debian that mmdebstrap makes, through a registry, with its users, packages and file capabilities. */

import * as assert from 'uvu/assert';
import { pullDebian } from './debian-image.ts';
import { limitEachTest, limitFile, pod, test } from './harness/index.ts';

limitFile(600);
limitEachTest(400);

test.before(pullDebian);

const inDebian = (script: string, ...flags: string[]) =>
  pod(['run', '--rm', ...flags, 'debian:bookworm', 'sh', '-c', script]);

test('apt-get runs', async () => {
  const ran = await inDebian('apt-get --version | head -n 1');
  assert.match(ran.stdout, /^apt 2\./);
  assert.is(ran.stderr, '');
  assert.is(ran.code, 0);
});

test('su becomes another user', async () => {
  const ran = await inDebian('su nobody -s /bin/sh -c id');
  assert.equal(ran, {
    code: 0,
    signal: null,
    stdout: 'uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)\n',
    stderr: '',
  });
});

test('file capabilities are kept', async () => {
  const ran = await inDebian('getcap /usr/bin/ping');
  assert.equal(ran, { code: 0, signal: null, stdout: '/usr/bin/ping cap_net_raw=ep\n', stderr: '' });
});

test('a user without root pings the gateway', async () => {
  const ran = await inDebian('ping -c 1 -W 5 10.0.2.2', '-u', 'nobody');
  assert.match(ran.stdout, '1 received');
  assert.is(ran.code, 0, ran.stderr);
});

test('owners and modes are those of the distribution', async () => {
  const ran = await inDebian('stat -c "%U:%G %a %n" /etc/shadow /usr/bin/chage /tmp /usr/bin/su');
  const lines = [
    'root:shadow 640 /etc/shadow',
    'root:shadow 2755 /usr/bin/chage',
    'root:root 1777 /tmp',
    'root:root 4755 /usr/bin/su',
  ];
  assert.equal(ran, { code: 0, signal: null, stdout: `${lines.join('\n')}\n`, stderr: '' });
});

test('dpkg installs, removes and replaces over the overlay', async () => {
  const script =
    'dpkg --verify && rm /usr/bin/yes && mv /usr/share/doc /usr/share/doc2 && mkdir /usr/share/doc && ls -A /usr/share/doc | wc -l';
  const ran = await inDebian(script);
  assert.equal(ran, { code: 0, signal: null, stdout: '0\n', stderr: '' });
});

test.run();
