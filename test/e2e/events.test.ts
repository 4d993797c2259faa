/** `events`: what a container's life looks like in it. */
import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { eventually } from './harness/eventually.ts';
import { pod, podOk, startPod } from './harness/index.ts';

const actions = async (...filters: string[]): Promise<string[]> => {
  const words = filters.flatMap((filter) => ['--filter', filter]);
  const out = await podOk(['events', '--stream=false', '--format', '{{.Type}} {{.Action}}', ...words]);
  return out === '' ? [] : out.split('\n');
};

test('the life of a container, followed and read again', async () => {
  await podOk(['run', '--rm', '--network', 'none', BUSYBOX, 'true']);
  const follower = startPod([
    'events',
    '--filter',
    'container=web',
    '--format',
    '{{.ID}} {{.Action}} {{.Actor.Attributes.exitCode}}',
  ]);
  let followed = '';
  follower.stdout!.on('data', (text) => (followed += text));
  const started = Date.now();
  // The follower tells of what comes after its start: of this one container again and again until it does.
  await eventually(async () => {
    await podOk(['run', '--rm', '--name', 'web', '--network', 'none', BUSYBOX, 'true']);
    return followed.includes('destroy');
  });
  const id = await podOk([
    'run',
    '-d',
    '--name',
    'web',
    '-l',
    'tier=front',
    '-v',
    'data:/data',
    '--network',
    'none',
    BUSYBOX,
    'sleep',
    '100',
  ]);
  assert.is((await pod(['exec', 'web', 'sh', '-c', 'exit 7'])).code, 7);
  await podOk(['kill', '-s', 'USR1', 'web']);
  await podOk(['stop', '-t0', 'web']);
  await podOk(['rm', 'web']);
  const expected = [
    'create <no value>',
    'start <no value>',
    'exec_create: sh -c exit 7 <no value>',
    'exec_start: sh -c exit 7 <no value>',
    'exec_die 7',
    'kill <no value>',
  ];
  await eventually(() => followed.includes(`${id} destroy`));
  follower.kill('SIGTERM');
  const [code] = await once(follower, 'exit');
  assert.is(code, 0);
  const own = followed.split('\n').filter((line) => line.startsWith(`${id} `));
  const lines = own.map((line) => line.slice(id.length + 1));
  assert.equal(lines.slice(0, 6), expected);
  assert.equal([...lines.slice(6)].sort(), [
    'destroy <no value>',
    'die 137',
    'kill <no value>',
    'stop <no value>',
  ]);
  assert.equal(await actions(`container=${id.slice(0, 12)}`, 'event=start', 'event=die'), [
    'container start',
    'container die',
  ]);
  assert.equal(await actions('label=tier=front', 'event=create'), ['container create']);
  assert.equal(await actions('type=volume'), ['volume create', 'volume mount', 'volume unmount']);
  assert.equal(await actions('type=container', `image=${BUSYBOX}`, 'event=create', 'label=tier'), [
    'container create',
  ]);
  const since = await podOk([
    'events',
    '--since',
    String(Math.floor(started / 1000)),
    '--until',
    '0s',
    '--filter',
    `container=${id}`,
    '--format',
    'json',
  ]);
  const first = JSON.parse(since.split('\n')[0]!);
  assert.equal(Object.keys(first), [
    'status',
    'id',
    'from',
    'Type',
    'Action',
    'Actor',
    'scope',
    'time',
    'timeNano',
  ]);
  assert.equal(first.Actor, { ID: id, Attributes: { tier: 'front', image: BUSYBOX, name: 'web' } });
});

test('the usual line is docker’s', async () => {
  await podOk(['run', '--rm', '--name', 'line', '--network', 'none', BUSYBOX, 'sh', '-c', 'exit 0']);
  const out = await podOk([
    'events',
    '--stream=false',
    '--filter',
    'container=line',
    '--filter',
    'event=die',
  ]);
  assert.match(
    out,
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z container die [0-9a-f]{64} \(exitCode=0, image=builtin:busybox, name=line\)$/,
  );
});

test('as JSON an event stays JSON, and its strings control no terminal', async () => {
  const note = '\u009b31m\u202e';
  await podOk(['create', '--name', 'marked', '--network', 'none', '-l', `note=${note}`, BUSYBOX, 'true']);
  await podOk(['rm', 'marked']);
  const words = [
    'events',
    '--stream=false',
    '-f',
    'container=marked',
    '-f',
    'event=create',
    '--format',
    'json',
  ];
  const shown = await podOk(words);
  assert.ok(shown.includes(String.raw`"note":"\u009b31m\u202e"`), shown);
  assert.is(JSON.parse(shown).Actor.Attributes.note, note);
});

test('images come and go', async () => {
  await podOk(['rmi', BUSYBOX]);
  assert.equal(await actions('type=image'), ['image untag', 'image delete']);
});

test('it ends by itself at --until, and refuses what it does not know', async () => {
  assert.equal(
    await pod(['events', '--since', '0s', '--until=-300ms', '--filter', 'container=nobody']),
    ended(0),
  );
  const { code, stderr } = await pod(['events', '--filter', 'colour=red']);
  assert.is(code, 125);
  assert.match(stderr, /unknown filter "colour"/);
  assert.is((await pod(['events', '--since', 'yesterday'])).code, 125);
  assert.equal(
    await pod(['events', '--since', '1s', '--until', '2s']),
    ended(125, '', 'Error: --since lies behind --until\n'),
  );
});

test("what containers do with networks and volumes, and secrets, in docker's words", async () => {
  const shop = 'other-shop';
  await podOk(['network', 'create', shop]);
  await podOk(['secret', 'create', 'key', '-'], { input: 'x' });
  await podOk(['run', '--rm', '--network', shop, '-v', 'goods:/goods:ro', '-v', '/scratch', BUSYBOX, 'true']);
  await podOk(['secret', 'rm', 'key']);
  await podOk(['network', 'rm', shop]);
  const told = async (type: string, format: string) => {
    const out = await podOk([
      'events',
      '--stream=false',
      '--filter',
      `type=${type}`,
      '--format',
      `{{.Action}} ${format}`,
    ]);
    return out.split('\n');
  };
  const at = '{{.Actor.Attributes.name}} {{.Actor.Attributes.type}}';
  const network = (await told('network', at)).filter((line) => line.includes(shop));
  assert.equal(
    network,
    ['create', 'connect', 'disconnect', 'destroy'].map((action) => `${action} ${shop} bridge`),
  );
  const mode = '{{.Actor.Attributes.destination}} {{index .Actor.Attributes "read/write"}}';
  const volume = await told('volume', mode);
  for (const line of ['mount /goods false', 'mount /scratch true', 'destroy <no value> '])
    assert.ok(volume.includes(line), `no ${line} in:\n${volume.join('\n')}`);
  assert.equal(await told('secret', '{{.Actor.Attributes.name}}'), ['create key', 'remove key']);
});

test.run();
