import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { identify } from '../../../../core/container/process-identity.ts';
import {
  abandonContainer,
  beginContainer,
  commitContainer,
  containerDirectory,
  findContainer,
  holderOf,
  listIds,
  readRecord,
  readSpec,
  releaseName,
  reservation,
  runtimeDirectory,
} from '../../../../core/container/store.ts';
import { findRecord } from '../../../../core/named.ts';
import type { Paths } from '../../../../core/paths.ts';
import { emptyPaths, recordOf, refusal, specOf } from './fixtures.ts';

const store = new URL('../../../../core/container/store.ts', import.meta.url).href;

function make(paths: Paths, name?: string): string {
  const draft = beginContainer(paths, name);
  commitContainer(paths, draft, specOf(), recordOf(draft.id, { name: draft.name }));
  return draft.id;
}

/** A process that has ended: its number with its start time. */
function deadProcess(): { pid: number; start: string } {
  const { pid } = spawnSync('true');
  return { pid, start: '1' };
}

/** A draft with a reserved name, made by another process. */
function foreignDraft(paths: Paths, id: string, name: string, maker: { pid: number; start: string }): string {
  const draft = join(paths.containers, `.${id}.${maker.pid}.${maker.start}`);
  mkdirSync(draft, { recursive: true });
  mkdirSync(join(paths.names, name), { recursive: true });
  writeFileSync(reservation(paths, name, id), '');
  return draft;
}

const id = (digit: string) => digit.repeat(64);

test('a container is seen whole or not at all', () => {
  const paths = emptyPaths();
  const draft = beginContainer(paths, 'web');
  assert.match(draft.id, /^[0-9a-f]{64}$/);
  assert.equal(listIds(paths), []);
  assert.is(
    refusal(() => findContainer(paths, 'web')),
    'not-found: no such container: web',
  );
  assert.is(readRecord(paths, draft.id), undefined);
  const record = recordOf(draft.id, { name: 'web' });
  commitContainer(paths, draft, specOf(), record);
  assert.equal(listIds(paths), [draft.id]);
  assert.equal(findContainer(paths, 'web'), record);
  assert.equal(readSpec(paths, draft.id), specOf());
  assert.equal(readdirSync(containerDirectory(paths, draft.id)).sort(), ['config.json', 'container.json']);
});

test('other users can not look into anything of it', () => {
  const paths = emptyPaths();
  const made = containerDirectory(paths, make(paths, 'web'));
  for (const path of [
    paths.containers,
    paths.names,
    paths.trash,
    paths.volumes,
    paths.runtime,
    made,
    join(made, 'config.json'),
  ])
    assert.is(statSync(path).mode & 0o077, 0, path);
});

test('numbers that JavaScript can not hold come back as they were', () => {
  const paths = emptyPaths();
  const draft = beginContainer(paths, undefined);
  const directory = draft.directory;
  commitContainer(paths, draft, specOf(), recordOf(draft.id));
  const file = join(containerDirectory(paths, draft.id), 'config.json');
  assert.not(existsSync(directory));
  writeFileSync(file, '{"value": 18446744073709551615}');
  assert.equal(readSpec(paths, draft.id), { value: 18446744073709551615n });
});

test('a name that a container has is refused, and told who has it', () => {
  const paths = emptyPaths();
  const first = make(paths, 'web');
  assert.is(
    refusal(() => beginContainer(paths, 'web')),
    `conflict: the name "web" is taken: container ${first.slice(0, 12)} has it`,
  );
  assert.equal(readdirSync(paths.containers), [first], 'nothing is left of the second');
});

test('a name that a draft of a living process has is refused', () => {
  const paths = emptyPaths();
  foreignDraft(paths, id('a'), 'web', identify(process.ppid));
  assert.match(
    refusal(() => beginContainer(paths, 'web')),
    /^conflict: the name "web" is taken/,
  );
  assert.is(holderOf(paths, 'web'), id('a'));
});

test('a name whose maker died is given again', () => {
  const paths = emptyPaths();
  foreignDraft(paths, id('a'), 'web', deadProcess());
  const draft = beginContainer(paths, 'web');
  assert.equal(readdirSync(join(paths.names, 'web')), [draft.id]);
});

test('a maker whose number another process has now is dead', () => {
  const paths = emptyPaths();
  const self = identify(process.pid);
  foreignDraft(paths, id('a'), 'web', { pid: self.pid, start: String(BigInt(self.start) - 1n) });
  assert.is(holderOf(paths, 'web'), undefined);
});

test('a name without any container is given again', () => {
  const paths = emptyPaths();
  const gone = make(paths, 'web');
  rmSync(containerDirectory(paths, gone), { recursive: true });
  const next = make(paths, 'web');
  assert.is(findContainer(paths, 'web').id, next);
});

test('a name leads to its container by one look at that alone', () => {
  const paths = emptyPaths();
  const [web, other] = [make(paths, 'web'), make(paths, 'other')];
  const looked: string[] = [];
  const find = (wish: string) =>
    findRecord(paths, 'container', wish, (id) => {
      looked.push(id);
      return readRecord(paths, id);
    });
  assert.is(find('web')?.id, web);
  assert.is(find(other.slice(0, 20))?.id, other);
  assert.equal(looked, [web, other]);
  // Reserved for it by who died before it was renamed.
  renameSync(join(paths.names, 'web'), join(paths.names, 'shop'));
  assert.is(find('shop'), undefined);
});

test('who lost a name can not take it from the next owner', () => {
  const paths = emptyPaths();
  const gone = make(paths, 'web');
  rmSync(containerDirectory(paths, gone), { recursive: true });
  const next = make(paths, 'web');
  // The late end of the first one: its own release, or the monitor's.
  releaseName(paths, 'web', gone);
  assert.is(holderOf(paths, 'web'), next);
  releaseName(paths, 'web', next);
  assert.not(existsSync(join(paths.names, 'web')));
  releaseName(paths, 'web', next);
});

test('what was abandoned leaves nothing', () => {
  const paths = emptyPaths();
  const draft = beginContainer(paths, 'web');
  writeFileSync(join(draft.directory, 'file'), 'x');
  abandonContainer(paths, draft);
  assert.equal([readdirSync(paths.containers), readdirSync(paths.names)], [[], []]);
  make(paths, 'web');
});

test('a draft that can not be removed still gives its name back', () => {
  if (process.getuid!() === 0) return; // nothing is refused to root
  const paths = emptyPaths();
  const draft = beginContainer(paths, 'web');
  const closed = join(draft.directory, 'closed');
  mkdirSync(join(closed, 'x'), { recursive: true });
  chmodSync(closed, 0o500);
  abandonContainer(paths, draft);
  assert.equal(readdirSync(paths.names), []);
  chmodSync(closed, 0o700);
});

test('names that could lead elsewhere are refused before anything is made', () => {
  const paths = emptyPaths();
  for (const name of ['', '.', '..', '../x', 'a/b', '-a', '_a', 'a b', 'a\nb', 'ä', 'a\0', 'a'.repeat(256)]) {
    assert.match(
      refusal(() => beginContainer(paths, name)),
      /^usage: .* can't be the name of a container/,
    );
    assert.match(
      refusal(() => findContainer(paths, name)),
      /^not-found: no such container/,
    );
  }
  assert.equal([readdirSync(paths.names), readdirSync(paths.containers)], [[], []]);
});

test('a name that leads elsewhere costs nobody a file there', () => {
  const paths = emptyPaths();
  mkdirSync(paths.secrets, { recursive: true });
  writeFileSync(join(paths.secrets, 'key'), 'x');
  mkdirSync(paths.names, { recursive: true });
  for (const name of ['../secrets', paths.secrets, '..', 'a'.repeat(256)])
    assert.is(holderOf(paths, name), undefined);
  assert.equal(readdirSync(paths.secrets), ['key']);
});

test('of many who want one name at once, one gets it', async () => {
  const paths = emptyPaths();
  // One reservation of a dead maker is in the way, which all of them take back.
  foreignDraft(paths, id('a'), 'web', deadProcess());
  const script = `
    const { beginContainer } = await import(${JSON.stringify(store)});
    process.stdin.once('data', () => {
      try { process.stdout.write(beginContainer(${JSON.stringify(paths)}, 'web').id); }
      catch (error) { process.stdout.write(error.code); }
      setInterval(() => {}, 1000); // drafts of the dead don't count
    });
    process.stderr.write('ready');`;
  const makers = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'pipe' }),
  );
  try {
    await Promise.all(makers.map((maker) => once(maker.stderr, 'data')));
    const said = makers.map(async (maker) => String((await once(maker.stdout, 'data'))[0]));
    for (const maker of makers) maker.stdin.write('go\n');
    const answers = await Promise.all(said);
    const winners = answers.filter((answer) => answer !== 'conflict');
    assert.is(winners.length, 1, answers.join(' '));
    assert.equal(readdirSync(join(paths.names, 'web')), winners);
  } finally {
    for (const maker of makers) maker.kill('SIGKILL');
  }
});

test('a container is found by its name, its id, and the beginning of its id', () => {
  const paths = emptyPaths();
  const made = make(paths, 'web');
  for (const wish of ['web', made, made.slice(0, 12), made.slice(0, 1)])
    assert.is(findContainer(paths, wish).id, made, wish);
});

test('a beginning that several ids have is refused', () => {
  const paths = emptyPaths();
  mkdirSync(paths.containers, { recursive: true });
  for (const one of [`${'a'.repeat(63)}1`, `${'a'.repeat(63)}2`]) {
    mkdirSync(containerDirectory(paths, one));
    writeFileSync(join(containerDirectory(paths, one), 'container.json'), JSON.stringify(recordOf(one)));
  }
  assert.is(
    refusal(() => findContainer(paths, 'aaa')),
    'conflict: aaa is the beginning of 2 container ids',
  );
});

test('what is no container is not listed', () => {
  const paths = emptyPaths();
  assert.equal(listIds(paths), []);
  for (const name of ['x', `.${id('a')}.1.2`, id('A'), `${id('a')}0`])
    mkdirSync(join(paths.containers, name), { recursive: true });
  assert.equal(listIds(paths), []);
});

test('a record that was cut off is an error that names its file', () => {
  const paths = emptyPaths();
  const made = make(paths, 'web');
  const file = join(containerDirectory(paths, made), 'container.json');
  writeFileSync(file, readFileSync(file, 'utf8').slice(0, 40));
  assert.match(
    refusal(() => readRecord(paths, made)),
    new RegExp(`^invalid: cannot read ${file}: `),
  );
});

test('an attach socket in the runtime directory has a path that the kernel takes', () => {
  const paths = { ...emptyPaths(), runtime: '/run/user/1000000000/tsc-pod' };
  assert.ok(`${runtimeDirectory(paths, id('f'))}/attach`.length < 108);
});

test.run();
