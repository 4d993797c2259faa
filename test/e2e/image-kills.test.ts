/** kill -9 while images come and go: the store is whole, what was half made goes, and the same command goes on. */
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { BUSYBOX } from './container-lab.ts';
import { eventually, pod, podOk, sandbox, startPod, startRegistry, test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';
import { tarOf } from './registry/make-image.ts';

const registry = await startRegistry();
configure(`[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
const partial = join(sandbox.data, 'partial');
const tree = join(sandbox.work, 'tree');
mkdirSync(tree);
for (let at = 0; at < 4; at++) writeFileSync(join(tree, `file${at}`), Buffer.alloc(1 << 20, `line ${at}\n`));
const tar = tarOf(tree);
writeFileSync(join(sandbox.work, 'tree.tar'), tar);

/** Kills it when `when` has come. */
async function killed(args: string[], when: () => Promise<unknown>, input?: Buffer): Promise<void> {
  const child = startPod(args);
  const end = once(child, 'exit');
  if (input) child.stdin!.on('error', () => {}).write(input);
  await when();
  child.kill('SIGKILL');
  await end;
  // Nothing is damaged; what is left over goes by itself.
  const found = (await pod(['system', 'check'])).stdout.split('\n').filter(Boolean);
  assert.equal(
    found.filter((line) => !line.startsWith('leftover layers/tmp.')),
    [],
    args.join(' '),
  );
}

const halfImported = () =>
  killed(
    ['import', '-q', '-', 'half'],
    () => eventually(() => readdirSync(partial).some((name) => statSync(join(partial, name)).size > 0)),
    tar.subarray(0, 2 << 20),
  );

test('what a killed import has half made goes with the next one, or by system prune', async () => {
  await podOk(['pull', '-q', BUSYBOX]);
  await halfImported();
  assert.is(readdirSync(partial).length, 1);
  await podOk(['import', '-q', join(sandbox.work, 'tree.tar'), 'whole']);
  assert.equal(readdirSync(partial), []);
  await podOk(['rmi', 'whole']);
  await halfImported();
  const said = await podOk(['system', 'prune', '-f']);
  assert.match(said, /^Total reclaimed space: [1-9][\d.]*[kM]B$/m);
  assert.equal(readdirSync(partial), []);
  assert.match(await podOk(['system', 'df', '--format', '{{.Type}} {{.Size}}']), /^Build Cache 0B$/m);
});

test('whenever import, commit, push, save or load is killed, the store is whole and it can be done again', async () => {
  await podOk(['pull', '-q', BUSYBOX]);
  await podOk(['import', '-q', join(sandbox.work, 'tree.tar'), 'kept']);
  await podOk(['run', '--name', 'made', '--network', 'none', BUSYBOX, 'sh', '-c', 'cp /bin/busybox /copy']);
  const saved = join(sandbox.work, 'saved.tar');
  await podOk(['save', '-q', '-o', saved, 'kept']);
  const to = (name: string) => `${registry.host}/${name}:1`;
  const commands: string[][] = [
    ['import', '-q', join(sandbox.work, 'tree.tar'), 'again'],
    ['commit', '-q', 'made', 'committed'],
    ['push', '-q', 'kept', to('pushed')],
    ['save', '-q', '-o', join(sandbox.work, 'other.tar'), 'kept'],
    ['load', '-q', '-i', saved],
  ];
  for (const args of commands) {
    if (args[0] === 'load') await podOk(['rmi', '-f', 'kept']);
    for (const milliseconds of [80, 200]) await killed(args, () => wait(milliseconds));
    const again = await pod(args);
    assert.is(again.code, 0, `${args.join(' ')}: ${again.stderr}`);
  }
  // Whatever was left of them is gone when something new is made.
  await podOk(['import', '-q', join(sandbox.work, 'tree.tar'), 'last']);
  assert.equal(readdirSync(partial), []);
  assert.equal(
    readdirSync(sandbox.work).filter((name) => name.endsWith('.partial')),
    [],
  );
  await podOk(['rm', 'made']);
  await podOk(['image', 'prune', '-af']);
  assert.equal(readdirSync(join(sandbox.data, 'layers')), []);
});

test.run();
