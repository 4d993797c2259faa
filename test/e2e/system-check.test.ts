/** `system check`: each kind of file spoilt, found and mended, with the store of use before and after. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { pod, podOk } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

const { data } = sandbox;
const only = (directory: string) => {
  const [name, ...others] = readdirSync(directory);
  assert.equal(others, []);
  return join(directory, name!);
};

async function isClean(): Promise<void> {
  assert.equal(await pod(['system', 'check']), ended(0));
}

/** What is found, is mended, and is not found again. */
async function foundAndMended(expected: string[]): Promise<void> {
  const before = await pod(['system', 'check', '--format', 'json']);
  const kinds = (text: string) =>
    JSON.parse(text).map(({ Type, Problem }: Record<string, string>) => `${Type}: ${Problem}`);
  assert.equal(kinds(before.stdout), expected);
  assert.is(before.code, 1);
  const repaired = await pod(['system', 'check', '--repair']);
  assert.equal({ code: repaired.code, stderr: repaired.stderr }, { code: 0, stderr: '' }, repaired.stdout);
  assert.ok(
    repaired.stdout
      .split('\n')
      .slice(0, -1)
      .every((line) => line.includes(': mended (')),
    repaired.stdout,
  );
  await isClean();
}

async function works(): Promise<void> {
  assert.is(
    await podOk(['run', '--rm', '--network', 'none', '--pull', 'never', BUSYBOX, 'echo', 'ok']),
    'ok',
  );
}

function largestBlob(): string {
  const blobs = readdirSync(join(data, 'images/blobs/sha256')).map((name) =>
    join(data, 'images/blobs/sha256', name),
  );
  return blobs.sort((a, b) => statSync(b).size - statSync(a).size)[0]!;
}

test('a first pull that was killed has blobs of no image: nothing is lost, nothing is found', async () => {
  const blobs = join(data, 'images/blobs/sha256');
  await podOk(['images']); // makes the store
  mkdirSync(blobs, { recursive: true });
  const blob = join(blobs, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
  writeFileSync(blob, Buffer.alloc(1));
  await isClean();
  rmSync(blob);
});

test('an empty store and one with containers are whole', async () => {
  await isClean();
  await podOk([
    'run',
    '-d',
    '--name',
    'keeper',
    '-v',
    'vol:/vol',
    '--network',
    'none',
    BUSYBOX,
    'sleep',
    '1000',
  ]);
  await podOk(['run', '--name', 'done', '--network', 'none', BUSYBOX, 'sh', '-c', 'echo precious > /file']);
  await isClean();
  assert.equal(await pod(['system', 'check', '--quick', '--format', 'json']), ended(0, '[]\n'));
});

test('the list of images: what can be read of it stays, else the containers know the names', async () => {
  const index = join(data, 'images/index.json');
  const whole = readFileSync(index, 'utf8');
  truncateSync(index, whole.length - 3);
  assert.is((await pod(['images'])).code, 125);
  await foundAndMended(['index: it is not JSON']);
  assert.match(readFileSync(index, 'utf8'), /builtin:busybox/);
  writeFileSync(index, '');
  await foundAndMended(['index: it is not JSON']);
  await works();
  rmSync(index);
  await foundAndMended(['index: it is missing']);
  await works();
  writeFileSync(join(data, 'images/oci-layout'), '{');
  await foundAndMended(['layout: it is missing or damaged']);
});

test('an unpacked layer is made again from its blob', async () => {
  const layer = only(join(data, 'layers'));
  await podOk(['rm', '-f', 'keeper']);
  rmSync(join(layer, 'size'));
  await foundAndMended(['layer: the mark that it is whole is missing']);
  renameSync(layer, `${layer}.gone`);
  await foundAndMended(['layer: it is missing']);
  rmSync(`${layer}.gone`, { recursive: true });
  await works();
});

test('a container’s files', async () => {
  const id = await podOk(['inspect', '--format', '{{.Id}}', 'done']);
  const directory = join(data, 'containers', id);
  writeFileSync(join(directory, 'exit'), '{"exitC');
  await foundAndMended(['container: exit: it is not JSON']);
  renameSync(join(directory, 'work'), join(sandbox.work, 'work'));
  writeFileSync(join(directory, 'event'), '');
  await foundAndMended([
    'container: its directory work is missing',
    'container: event: it is missing or damaged',
  ]);
  rmSync(join(data, 'names/done'), { recursive: true });
  await foundAndMended(['container: its name is not reserved']);
  assert.is(await podOk(['inspect', '--format', '{{.Id}}', 'done']), id);
  truncateSync(join(directory, 'config.json'), 100);
  await foundAndMended(['container: config.json: it is not JSON']);
  assert.is(existsSync(directory), false);
  const kept = readdirSync(join(data, 'lost+found')).find((name) => name.startsWith('container-'))!;
  assert.is(readFileSync(join(data, 'lost+found', kept, 'upper/file'), 'utf8'), 'precious\n');
  assert.equal(await podOk(['ps', '-aq']), '');
});

test('a container without a record goes aside, and its name is free again', async () => {
  const id = await podOk(['run', '-d', '--name', 'blank', '--network', 'none', BUSYBOX, 'true']);
  await podOk(['wait', 'blank']);
  writeFileSync(join(data, 'containers', id, 'container.json'), '{}');
  await foundAndMended(['container: container.json is not that of this container']);
  await podOk(['run', '--rm', '--name', 'blank', '--network', 'none', BUSYBOX, 'true']);
});

test('names that nobody has', async () => {
  mkdirSync(join(data, 'names/orphan'));
  mkdirSync(join(data, 'names/dead'));
  writeFileSync(join(data, 'names/dead', 'f'.repeat(64)), '');
  const found = await pod(['system', 'check']);
  assert.equal(
    { code: found.code, lines: found.stdout.trim().split('\n').sort() },
    {
      code: 1,
      lines: [
        'name dead: nothing has it (--repair: free it)',
        'name orphan: nothing has it (--repair: free it)',
      ],
    },
  );
  assert.is((await pod(['system', 'check', '--repair'])).code, 0);
  await isClean();
});

test('a volume that a container uses', async () => {
  await podOk(['run', '--name', 'user', '-v', 'kept:/x', '--network', 'none', BUSYBOX, 'true']);
  rmSync(join(data, 'volumes/kept'), { recursive: true });
  await foundAndMended(['volume: it is missing, and container user uses it']);
  assert.is((await pod(['volume', 'rm', 'kept'])).code, 2);
  rmSync(join(data, 'volumes/kept/users'), { recursive: true });
  await foundAndMended(['volume: container user uses it, and is not among its users']);
  assert.is((await pod(['volume', 'rm', 'kept'])).code, 2);
  await podOk(['rm', 'user']);
});

test('pods and their infra containers', async () => {
  const pods = join(data, 'pods');
  await podOk(['pod', 'create', '--name', 'whole']);
  await isClean();
  const id = await podOk(['pod', 'create', '--name', 'torn']);
  const infra = await podOk(['pod', 'inspect', '--format', '{{.InfraContainerID}}', 'torn']);
  rmSync(join(data, 'containers', infra), { recursive: true });
  await foundAndMended(['pod: its infra container is gone', 'name: nothing has it']);
  assert.is(await podOk(['pod', 'ps', '--format', '{{.Name}}']), 'whole');
  const other = await podOk(['pod', 'create', '--name', 'torn']);
  assert.is.not(other, id);
  writeFileSync(join(pods, other, 'pod.json'), '{}');
  const listed = await pod(['pod', 'ps', '--format', '{{.Name}}']);
  assert.equal(
    listed,
    ended(
      0,
      'whole\n',
      `Warning: pod ${other.slice(0, 12)} is damaged: cannot read ${join(pods, other, 'pod.json')}: ` +
        'it is no record of this pod\ntsc-pod system check --repair   # puts it aside\n',
    ),
  );
  await foundAndMended(['pod: pod.json: it is no record of this pod']);
  await podOk(['pod', 'rm', 'whole']);
});

test('what a runtime directory says of a container that is gone', async () => {
  mkdirSync(join(sandbox.run, 'tsc-pod', '0123456789abcdef'), { recursive: true });
  await foundAndMended(['runtime: its container is gone']);
});

test('the launcher, and the log of events', async () => {
  const launcher = join(only(join(data, 'libexec')), 'launcher');
  rmSync(launcher);
  writeFileSync(launcher, 'spoilt', { mode: 0o755 });
  await foundAndMended(['launcher: it has another content than its name says']);
  await works();
  const log = (text: string) => writeFileSync(join(data, 'events.jsonl'), text, { flag: 'a' });
  log('{"time":17,"timeNano":17,"status":"di'); // by a full disk: the next event heals it
  await podOk(['volume', 'create', 'after-torn']);
  assert.equal(await pod(['system', 'check']), ended(0, ''));
  const since = [
    'events',
    '--since',
    '1m',
    '--until',
    '0s',
    '-f',
    'volume=after-torn',
    '--format',
    '{{.Action}}',
  ];
  assert.equal(await pod(since), ended(0, 'create\n'));
  await podOk(['volume', 'rm', 'after-torn']);
  log('{"half\n');
  await foundAndMended(['events: 1 damaged lines']);
});

test('a blob with another content: the image goes from the list and can be had again', async () => {
  const blob = largestBlob();
  const text = readFileSync(blob);
  text[text.length - 30]! ^= 1;
  rmSync(blob);
  writeFileSync(blob, text);
  assert.is((await pod(['system', 'check', '--quick'])).code, 0);
  const { stdout } = await pod(['system', 'check']);
  assert.match(
    stdout,
    /^image builtin:busybox: its blob sha256:[0-9a-f]{64} has another content than its digest says/,
  );
  assert.is((await pod(['system', 'check', '--repair'])).code, 0);
  await isClean();
  assert.is(await podOk(['images', '-q']), '');
  await podOk(['run', '--rm', '--network', 'none', BUSYBOX, 'true']);
  await isClean();
});

test.run();
