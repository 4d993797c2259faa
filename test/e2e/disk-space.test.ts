import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, sh } from './container-lab.ts';
import { pod, podOk, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

const made = async (script: string, ...flags: string[]) => {
  const id = await podOk(['run', '-d', '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', script]);
  await podOk(['wait', id]);
  return id;
};
/** Bytes on the disk, by du(1) as root of the namespace: work directories of overlays are closed to the user. */
const du = async (...names: string[]) => {
  const said = await podOk(['unshare', 'du', '-sc', '-B1', ...names.map((name) => join(sandbox.data, name))]);
  return Number(said.split('\n').at(-1)!.split('\t')[0]);
};
const sizeOf = async (type: string) => {
  const line = await podOk([
    'system',
    'df',
    '--format',
    '{{.Type}}|{{.TotalCount}}|{{.Active}}|{{.Size}}|{{.Reclaimable}}',
  ]);
  return line.split('\n').find((one) => one.startsWith(`${type}|`))!;
};
/** As docker writes it, four digits. */
const human = (bytes: number) => {
  const [value, unit] = bytes >= 1e6 ? [bytes / 1e6, 'MB'] : [bytes / 1e3, 'kB'];
  return `${Number(value.toPrecision(4))}${unit}`;
};

test('system df agrees with du', async () => {
  await made('head -c 3000000 /dev/urandom >/big; ln /big /again', '--name', 'big');
  await made('head -c 1000000 /dev/urandom >/v/f', '-v', 'vol:/v', '--rm', '--name', 'gone').catch(() => {});
  const containers = human(await du(`containers/${readdirSync(join(sandbox.data, 'containers'))[0]}`));
  assert.is(await sizeOf('Containers'), `Containers|1|0|${containers}|${containers} (100%)`);
  const volume = human(await du('volumes/vol'));
  assert.is(await sizeOf('Local Volumes'), `Local Volumes|1|0|${volume}|${volume} (100%)`);
  assert.match(await sizeOf('Images'), /^Images\|1\|1\|\d.*MB\|0B \(0%\)$/);
  assert.match(await podOk(['system', 'df', '-v']), /\nvol +0 +1\.\d+MB\n/);
});

test('container prune removes what does not run, and says what that has freed', async () => {
  await made('true', '--name', 'labelled', '--label', 'keep=1');
  const running = await podOk(['run', '-d', '--network', 'none', '--name', 'runs', BUSYBOX, 'sleep', '60']);
  assert.equal(
    await pod(['container', 'prune', '-f', '--filter', 'until=1h']),
    ended(0, 'Total reclaimed space: 0B\n'),
  );
  const id = await podOk(['inspect', '--format', '{{.Id}}', 'big']);
  const freed = human(await du(`containers/${id}`));
  assert.equal(
    await pod(['container', 'prune', '-f', '--filter', 'label!=keep']),
    ended(0, `Deleted Containers:\n${id}\n\nTotal reclaimed space: ${freed}\n`),
  );
  assert.is(await podOk(['ps', '-a', '--format', '{{.Names}}']), 'runs\nlabelled');
  await podOk(['rm', '-f', running, 'labelled']);
});

test('nothing is removed where nobody answers, and a no is a no, from a terminal or a pipe', async () => {
  for (const what of ['container', 'image', 'volume', 'system']) {
    const { code, stdout, stderr } = await pod([what, 'prune']);
    assert.match(stdout, /^WARNING! .*\nAre you sure you want to continue\? \[y\/N\] \n$/s);
    assert.equal(
      [code, stderr],
      [
        125,
        'Error: nobody said whether to go on: standard input has ended\nadd --force (-f) to do it without being asked\n',
      ],
      what,
    );
  }
  assert.is((await pod(['volume', 'prune', '-a'], { input: 'n\n' })).code, 1);
  assert.match((await pod(['container', 'prune'], { input: 'y\ny\n' })).stdout, 'Total reclaimed space: ');
  const refused = await pod(['volume', 'prune', '-a'], { tty: true, input: 'n\n' });
  assert.is(refused.code, 1);
  assert.is(await podOk(['volume', 'ls', '-q']), 'vol');
  const done = await pod(['volume', 'prune', '-a'], { tty: true, input: 'y\n' });
  assert.is(done.code, 0);
  assert.is(await podOk(['volume', 'ls', '-q']), '');
});

test('system prune frees what it says', async () => {
  await made('head -c 2000000 /dev/urandom >/big', '-v', '/anon', '-v', 'named:/n');
  await podOk(['network', 'create', 'unused']);
  await podOk(['build', '-q', '-'], { input: `FROM ${BUSYBOX}\nRUN head -c 1000000 /dev/urandom >/big\n` });
  mkdirSync(join(sandbox.data, 'trash/old'), { recursive: true });
  writeFileSync(join(sandbox.data, 'trash/old/file'), Buffer.alloc(500_000, 1));
  const all = ['images', 'layers', 'containers', 'volumes', 'trash', 'partial', 'build-cache'];
  const before = await du(...all);
  const said = await podOk(['system', 'prune', '-af', '--volumes']);
  const freed = before - (await du(...all));
  assert.match(
    said,
    /^Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Volumes:\n[0-9a-f]{64}\n\nDeleted Networks:\nunused\n\nDeleted Images:\nuntagged: builtin:busybox\n(?:deleted: sha256:[0-9a-f]{64}\n){2}\nDeleted build cache objects:\n(?:[0-9a-f]{64}\n)+\n/,
  );
  const [, number, unit] = /Total reclaimed space: ([\d.]+)(kB|MB)$/.exec(said)!;
  const bytes = Number(number) * (unit === 'MB' ? 1e6 : 1e3);
  assert.ok(Math.abs(bytes - freed) < 0.01 * freed, `${said} but ${freed}`); // directories of the store itself grow
  assert.is(await podOk(['volume', 'ls', '-q']), 'named');
});

test('volumes are made, listed, shown and removed', async () => {
  assert.is(await podOk(['volume', 'create', '--label', 'a=b', 'one']), 'one');
  assert.is(await podOk(['volume', 'create', 'one']), 'one');
  assert.match(await podOk(['volume', 'create']), /^[0-9a-f]{64}$/);
  assert.is(await podOk(['volume', 'ls', '--filter', 'label=a=b']), 'DRIVER    VOLUME NAME\nlocal     one');
  assert.is(
    await podOk(['volume', 'inspect', '-f', '{{.Name}} {{.Labels.a}} {{.Mountpoint}}', 'one']),
    `one b ${sandbox.data}/volumes/one/_data`,
  );
  assert.is(await podOk(['inspect', '-f', '{{.Name}} {{.Labels.a}}', 'one']), 'one b');
  assert.is(await podOk(['inspect', '--type', 'volume', '-f', '{{.Driver}}', 'one']), 'local');
  assert.is(
    (await pod(['inspect', '--type', 'pod', 'one'])).stderr.split('\n')[0],
    'Error: no such pod: one',
  );
  assert.equal(await pod(['volume', 'exists', 'none']), ended(1));
  assert.equal(
    await pod(['volume', 'rm', 'none', 'one']),
    ended(1, 'one\n', 'Error: no such volume: none\ntsc-pod volume ls   # lists all volumes\n'),
  );
  assert.equal(await sh('true', ['-v', 'one:/x', '-v', 'one:/y']), ended(0));
});

test('system reset leaves nothing, running or not', async () => {
  await podOk(['run', '-d', '--network', 'none', '-v', '/v', BUSYBOX, 'sleep', '60']);
  assert.equal(await pod(['system', 'reset', '-f']), ended(0));
  assert.equal(
    readdirSync(sandbox.data).filter((name) => name !== 'libexec' && name !== 'tsc-pod-store'),
    [],
  );
  assert.is(await podOk(['ps', '-aq']), '');
  assert.equal(await sh('echo again'), ended(0, 'again\n'));
});

test.run();
