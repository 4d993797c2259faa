/** Containers in bridge networks: addresses, names, isolation, ports, and nothing left at the end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { addressOf, filesOfHub, GET, hubPid, IMAGE, serve, sh } from './bridge-lab.ts';
import { eventually, pod, podOk, sandbox, test } from './harness/index.ts';

test('three containers find each other by name, alias and id; another network sees none of them', async () => {
  await podOk(['network', 'create', 'one']);
  await podOk(['network', 'create', 'two']);
  const id = await serve('web', '--network', 'one', '--network-alias', 'www');
  await serve('db', '--network', 'one:alias=store');
  for (const name of ['web', 'www', 'WEB', id.slice(0, 12)])
    assert.is(await sh(GET(name), '--network', 'one'), 'web', name);
  assert.is(await podOk(['exec', 'web', 'sh', '-c', GET('store')]), 'db');
  const web = await addressOf('web', 'one');
  assert.match(await sh(`nslookup ${web}`, '--network', 'one'), /name = web/);
  const script = `nslookup web; printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${web} 80`;
  const ran = await pod(['run', '--rm', '--network', 'two', IMAGE, 'sh', '-c', script]);
  assert.match(ran.stdout, /can't find web: NXDOMAIN/);
  assert.not.match(ran.stdout, /^web$/m);
});

test('who leaves is not found any more, and comes back', async () => {
  await podOk(['stop', '-t', '0', 'db']);
  await eventually(async () => /NXDOMAIN/.test((await pod(['exec', 'web', 'nslookup', 'db'])).stdout));
  await serve('db', '--network', 'one', '--ip', (await addressOf('web', 'one')).replace(/\d+$/, '77'));
  assert.match(await addressOf('db', 'one'), /\.77$/);
  assert.is(await podOk(['exec', 'web', 'sh', '-c', GET('db')]), 'db');
});

test('a network in use is not removed, and says by whom', async () => {
  const ran = await pod(['network', 'rm', 'one']);
  assert.is(ran.code, 2);
  assert.match(ran.stderr, /cannot remove the network one: container (web, db|db, web) uses it/);
});

test('an address that is taken, or of another network, is refused', async () => {
  const web = await addressOf('web', 'one');
  const taken = await pod(['run', '--rm', '--network', 'one', '--ip', web, IMAGE, 'true']);
  assert.is(taken.code, 125);
  assert.match(taken.stderr, /cannot give the address .*: container [0-9a-f]{12} has it/);
  assert.match(
    (await pod(['run', '--rm', '--network', 'one', '--ip', '1.2.3.4', IMAGE, 'true'])).stderr,
    /network one has/,
  );
  assert.match(
    (await pod(['run', '--rm', '--network', 'nope', IMAGE, 'true'])).stderr,
    /no such network: nope/,
  );
});

test('an internal network has no way out; a container may be in two', async () => {
  await podOk(['network', 'create', '--internal', 'inner']);
  assert.is(await sh('ip route | grep -c default || true', '--network', 'inner'), '0');
  const mac = '02:11:22:33:44:55';
  const text = await sh(
    'ip -4 -o addr; ip route; ip link show eth0',
    '--network',
    `one:mac=${mac}`,
    '--network',
    'inner',
  );
  assert.match(text, /eth0 .*\n.*eth1 /);
  assert.match(text, /default via \S+ dev eth0/);
  assert.ok(text.includes(mac));
});

test('the container has no capability outside of itself, and nothing of the hub is open in it', async () => {
  const text = await sh(
    'cat /proc/self/uid_map; ls -l /proc/self/fd; ls /proc/1/fd | wc -l',
    '--network',
    'one',
  );
  assert.match(text, /^\s*0\s+0\s+1\n/);
  assert.not.match(text, /socket|net:|user:/);
  assert.match(
    (await pod(['run', '--rm', '--network', 'one', IMAGE, 'ip', 'link', 'add', 'x', 'type', 'dummy'])).stderr,
    /permitted/,
  );
});

test('a published port answers, and is free when the container has ended', async () => {
  await serve('pub', '--network', 'one', '-p', '127.0.0.1:0:80');
  const port = (await podOk(['port', 'pub', '80'])).split(':')[1]!;
  await eventually(async () => (await (await fetch(`http://127.0.0.1:${port}/`)).text()) === 'pub\n');
  await podOk(['rm', '-f', 'pub']);
  await eventually(() =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => false,
      () => true,
    ),
  );
});

test('ten that start at once get an address each', async () => {
  const start = () => podOk(['run', '-d', '--rm', '--network', 'two', IMAGE, 'sleep', '60']);
  const ids = await Promise.all(Array.from({ length: 10 }, start));
  const shown = JSON.parse(await podOk(['network', 'inspect', 'two']))[0].Containers as Record<
    string,
    { IPv4Address: string }
  >;
  assert.is(new Set(Object.values(shown).map(({ IPv4Address }) => IPv4Address)).size, 10);
  await podOk(['rm', '-f', ...ids]);
});

test('a container that runs comes into a network, and leaves it', async () => {
  await serve('far', '--network', 'two');
  await podOk(['network', 'connect', '--alias', 'guest', 'one', 'far']);
  assert.is(await podOk(['exec', 'web', 'sh', '-c', GET('guest')]), 'far');
  assert.match(await podOk(['exec', 'far', 'ip', '-4', '-o', 'addr']), /eth0 .*\n.*eth1 /);
  assert.match((await pod(['network', 'connect', 'one', 'far'])).stderr, /is in it already/);
  await podOk(['network', 'disconnect', 'one', 'far']);
  assert.not.match(await podOk(['exec', 'far', 'ip', '-4', '-o', 'addr']), /eth1/);
  await eventually(async () => /NXDOMAIN/.test((await pod(['exec', 'web', 'nslookup', 'guest'])).stdout));
  assert.match((await pod(['network', 'disconnect', 'one', 'far'])).stderr, /it is not in that network/);
  await podOk(['rm', '-f', 'far']);
  await podOk(['run', '-d', '--rm', '--name', 'other', IMAGE, 'sleep', '60']);
  assert.match((await pod(['network', 'connect', 'one', 'other'])).stderr, /made with --network slirp4netns/);
  await podOk(['rm', '-f', 'other']);
});

test('after the last container nothing of the hub is left; a killed hub is started anew', async () => {
  await podOk(['rm', '-f', 'web', 'db']);
  await eventually(() => filesOfHub().length === 0);
  await serve('web', '--network', 'one');
  process.kill(hubPid(), 'SIGKILL');
  await serve('db', '--network', 'one');
  assert.is(await sh(GET('db'), '--network', 'one'), 'db');
  assert.is(await podOk(['exec', 'web', 'echo', 'runs']), 'runs');
  await podOk(['rm', '-f', 'web', 'db']);
  await eventually(() => filesOfHub().length === 0);
});

test('a monitor that is killed takes its container out of the network', async () => {
  const id = await serve('web', '--network', 'one');
  await serve('db', '--network', 'one');
  const words = readFileSync(join(sandbox.run, 'tsc-pod', id.slice(0, 16), 'state'), 'utf8')
    .trim()
    .split(/\s+/);
  process.kill(Number(words[2]), 'SIGKILL');
  await eventually(async () => /NXDOMAIN/.test((await pod(['exec', 'db', 'nslookup', 'web'])).stdout));
  await podOk(['rm', '-f', 'db']);
  await eventually(() => filesOfHub().length === 0);
  assert.is(await podOk(['network', 'rm', '-f', 'one', 'two', 'inner']), 'one\ntwo\ninner');
});

test.run();
