/** What a hostile member of a network tries: another's addresses, the gateway, the hub, other networks. */
import * as assert from 'uvu/assert';
import { addressOf, GET, IMAGE, lookUp, serve } from './bridge-lab.ts';
import { eventually, pod, podOk, test } from './harness/index.ts';

const inBad = async (script: string): Promise<string> =>
  (await pod(['exec', 'bad', 'sh', '-c', script])).stdout.trim();
/** What serves there says, tried once. Something on the way out may accept any connection: so it is the answer that counts. */
const once = (address: string): string =>
  `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 ${address} 80 2>/dev/null | tail -n 1 | grep -x '[a-z]*'`;
const gatewayOf = (network: string): Promise<string> =>
  podOk(['network', 'inspect', '-f', '{{range .IPAM.Config}}{{.Gateway}}{{end}}', network]);

test('a member with another hardware address than it was given is not heard', async () => {
  await podOk(['network', 'create', 'one']);
  await podOk(['network', 'create', 'two']);
  await serve('web', '--network', 'one', '-p', '127.0.0.1:0:80');
  await serve('other', '--network', 'two');
  await podOk([
    'run',
    '-d',
    '--rm',
    '--name',
    'bad',
    '--cap-add',
    'NET_ADMIN,NET_RAW',
    '--network',
    'one',
    IMAGE,
    'sleep',
    '999',
  ]);
  await podOk(['run', '-d', '--rm', '--name', 'client', '--network', 'one', IMAGE, 'sleep', '999']);
  assert.is(await inBad(GET('web')), 'web');
  const web = await podOk(['exec', 'web', 'cat', '/sys/class/net/eth0/address']);
  const address = await addressOf('web', 'one');
  const own = await inBad('cat /sys/class/net/eth0/address');
  for (const taken of ['02:12:34:56:78:9a', web]) {
    await inBad(`ip link set eth0 address ${taken}`);
    assert.is(await inBad(once(address)), '', taken);
  }
  assert.is(await podOk(['exec', 'client', 'sh', '-c', GET('web')]), 'web');
  await inBad(`ip link set eth0 address ${own}`);
  await eventually(async () => (await inBad(GET('web'))) === 'web');
});

test("a member that takes another's address gets nothing that the gateway sends to that", async () => {
  const web = await addressOf('web', 'one');
  const port = (await podOk(['port', 'web', '80'])).split(':')[1]!;
  await inBad(
    `ip addr add ${web}/32 dev eth0; arping -U -c 1 -w 1 -I eth0 ${web}; mkdir /tmp/w; echo bad >/tmp/w/index.html; httpd -p ${web}:80 -h /tmp/w`,
  );
  assert.is(await inBad(once(web)), 'bad');
  for (let i = 0; i < 3; i++) assert.is(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'web\n');
  await inBad(`ip addr del ${web}/32 dev eth0`);
});

test('what is for a member that has gone reaches no other', async () => {
  const gone = `${(await gatewayOf('one')).replace(/\d+$/, '')}99`;
  const bytes = async (member: string, way: 'rx' | 'tx'): Promise<number> =>
    Number(await podOk(['exec', member, 'cat', `/sys/class/net/eth0/statistics/${way}_bytes`]));
  const [heard, sent] = [await bytes('client', 'rx'), await bytes('bad', 'tx')];
  await inBad(`arp -s ${gone} 02:12:34:56:78:9a; ping -c 1 -W 1 -s 30000 ${gone}`);
  assert.ok((await bytes('bad', 'tx')) - sent >= 30_000);
  assert.ok((await bytes('client', 'rx')) - heard < 30_000);
});

test('the gateway serves names and nothing else, and the hub is nowhere to be found', async () => {
  const gateway = await gatewayOf('one');
  const ports = '1 7 22 25 53 67 80 111 443 631 853 2049 5353 8080 8443';
  const open = `for p in ${ports}; do nc -w 1 ${gateway} $p </dev/null >/dev/null 2>&1 && echo $p; done`;
  assert.is(await inBad(open), '53');
  assert.is(await inBad('find / -xdev -type s 2>/dev/null; cat /proc/net/unix | grep -c hub'), '0');
});

test('no route that a member makes leads into another network, nor does an address of the uplink answer it', async () => {
  const other = await addressOf('other', 'two');
  await inBad(`ip route add ${other} via ${await gatewayOf('one')}`);
  assert.is(await inBad(once(other)), '');
  await inBad('ip addr add 10.0.2.3/32 dev eth0');
  assert.is(await inBad(`nslookup web ${await gatewayOf('one')} | grep -c "^Name"`), '1');
  assert.is(await lookUp('client', 'web'), await addressOf('web', 'one'));
});

test('a flood of questions leaves the others their answers', async () => {
  const gateway = await gatewayOf('one');
  const flood = `for i in 1 2; do (while true; do printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' ; done | nc -u ${gateway} 53 >/dev/null & ); done`;
  await inBad(flood);
  const web = await addressOf('web', 'one');
  for (let i = 0; i < 5; i++) assert.is(await lookUp('client', 'web'), web);
  await inBad('kill -9 -1');
});

test('nothing is left', async () => {
  await podOk(['rm', '-f', 'web', 'other', 'bad', 'client']);
  await podOk(['network', 'rm', 'one', 'two']);
});

test.run();
