import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, pod, podOk, sandbox, startPod, test } from './harness/index.ts';

const plain = ['--network', 'none'];
const run = (name: string, ...flags: string[]) =>
  podOk(['run', '-d', ...plain, '--name', name, ...flags, BUSYBOX, 'sleep', '1000']);
const file = (id: string) => join(sandbox.data, 'containers', id, 'container.json');

test('a damaged record does not keep the others from being listed, stopped and removed; rm -f removes it', async () => {
  const broken = await run('broken');
  const empty = await run('empty');
  await run('good');
  writeFileSync(file(broken), '{"id": "');
  truncateSync(file(empty), 0);
  const listed = await pod(['ps', '--format', '{{.Names}}']);
  assert.equal([listed.code, listed.stdout], [0, 'good\n']);
  assert.match(listed.stderr, new RegExp(`^Warning: container ${broken.slice(0, 12)} is damaged: .*\n`, 'm'));
  assert.match(listed.stderr, new RegExp(`^Warning: container ${empty.slice(0, 12)} is damaged: .*\n`, 'm'));
  assert.is((await pod(['stop', '-t', '0', 'broken'])).code, 125);
  assert.is((await podOk(['stop', '-t', '0', '-a'])).length, 64);
  assert.is((await pod(['rm', 'broken'])).code, 125);
  assert.is((await podOk(['rm', '-a'])).length, 64);
  assert.equal(
    await pod(['rm', '-f', broken.slice(0, 12), 'empty']),
    ended(0, `${broken.slice(0, 12)}\nempty\n`),
  );
  assert.equal(remains(), []);
});

test('no list fails for it', async () => {
  const id = await run('broken');
  writeFileSync(file(id), '{"id": "');
  const lists = [
    'images',
    'pod ps',
    'volume ls',
    'stats --no-stream -a',
    'port -a',
    'system df',
    'system df -v',
  ];
  for (const list of [
    ...lists,
    'container prune -f',
    'volume prune -f',
    'image prune -f',
    'events --since 1m --until 0s',
    'stop -a',
    'pause -a',
    'info',
  ])
    assert.is((await pod(list.split(' '))).code, 0, list);
  for (const list of ['stats --no-stream -a', 'port -a', 'ps', 'ps -a'])
    assert.is(
      (await pod(list.split(' '))).stderr.split('\n').filter((line) => line.startsWith('Warning: ')).length,
      1,
      list,
    );
  await podOk(['rm', '-f', 'broken']);
  assert.equal(remains(), []);
});

test('a record of something else is damaged too', async () => {
  const id = await run('odd');
  for (const text of ['null', '[]', '{}', '"x"', `{"id": "${id}"}`]) {
    writeFileSync(file(id), text);
    assert.is((await pod(['inspect', 'odd'])).code, 125, text);
    assert.is((await pod(['ps', '-a'])).code, 0, text);
  }
  await podOk(['rm', '-f', 'odd']);
  assert.equal(remains(), []);
});

test('another XDG_RUNTIME_DIR sees what runs, stops it and starts it there', async () => {
  const elsewhere = { env: { XDG_RUNTIME_DIR: join(sandbox.dir, 'r2') } };
  const { mkdirSync } = await import('node:fs');
  mkdirSync(elsewhere.env.XDG_RUNTIME_DIR, { mode: 0o700 });
  await run('here', '-i');
  const state = (options = {}) => podOk(['inspect', '--format', '{{.State.Status}}', 'here'], options);
  assert.is(await state(elsewhere), 'running');
  assert.is((await pod(['exec', 'here', 'echo', 'hi'], elsewhere)).stdout, 'hi\n');
  assert.equal(await pod(['start', 'here'], elsewhere), ended(0, 'here\n'));
  assert.is((await pod(['rm', 'here'], elsewhere)).code, 2);
  await podOk(['stop', '-t', '0', 'here'], elsewhere);
  assert.is(await state(), 'exited');
  await podOk(['start', 'here'], elsewhere);
  assert.is(await state(), 'running');
  await podOk(['rm', '-f', 'here']);
  assert.equal(remains(), []);
  rmSync(elsewhere.env.XDG_RUNTIME_DIR, { recursive: true });
});

test('kill -9 of a start before the launcher leaves nothing that a later run does not collect', async () => {
  await podOk(['create', ...plain, '--name', 'killed', BUSYBOX, 'true']);
  writeFileSync(join(sandbox.run, 'tsc-pod', `${'0'.repeat(16)}.1.1`), 'plan of a process that is gone');
  const child = startPod(['start', 'killed']);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.on('close', resolve));
  await podOk(['rm', '-f', 'killed']);
  await podOk(['run', '--rm', ...plain, BUSYBOX, 'true']);
  await eventually(() => remains().length === 0);
});

test.run();
