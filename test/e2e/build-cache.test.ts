/** --cache-to and --cache-from: results of steps go from one machine to another, each a store of its own. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { limitEachTest, pod, type RunOptions, sandbox, test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';
import { startRegistry, type TestRegistry } from './registry/start-registry.ts';

limitEachTest(90);

let registry: TestRegistry;

test.before(async () => {
  const dir = join(sandbox.work, 'registry');
  mkdirSync(dir);
  registry = await startRegistry({ dir });
  configure(`[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
});

test.after(() => registry?.stop());

let machines = 0;

/** A store that nobody has used. */
const newMachine = (): string => join(sandbox.work, `machine-${++machines}`);

async function build(machine: string, args: string[], options: RunOptions = {}) {
  const env = { ...options.env, TSC_POD_ROOT: machine };
  return pod(['build', '--progress', 'plain', '--network', 'none', ...args], { ...options, env });
}

async function built(machine: string, args: string[], options: RunOptions = {}): Promise<string> {
  const { code, stderr } = await build(machine, ['--iidfile', `${machine}.id`, ...args], options);
  assert.is(code, 0, stderr);
  return stderr;
}

const idOf = (machine: string): string => readFileSync(`${machine}.id`, 'utf8');

function context(name: string, dockerfile: string, files: Record<string, string> = {}): string {
  const directory = join(sandbox.work, 'contexts', name);
  mkdirSync(directory, { recursive: true });
  for (const [path, text] of Object.entries({ ...files, Dockerfile: dockerfile }))
    writeFileSync(join(directory, path), text);
  return directory;
}

/** What was carried out, not taken from the cache. */
function carriedOut(progress: string): string[] {
  const ids = [...progress.matchAll(/^(#\d+) CACHED$/gm)].map(([, id]) => id);
  const steps = [...progress.matchAll(/^(#\d+) \[\S* ?\d+\/\d+\] (?!FROM )(.*)$/gm)];
  // One that others interrupt is told of again.
  const all = new Map(steps.map(([, id, what]) => [id, what!]));
  return [...all].filter(([id]) => !ids.includes(id)).map(([, what]) => what);
}

/** Each build of it makes other layers, unless they come from a cache. */
const RANDOM = 'cat /proc/sys/kernel/random/uuid';
const OWN = `RUN ${RANDOM} >own && echo u:x:7:8::/: >>/etc/passwd`;
const TWO_STAGES = `FROM builtin:busybox AS tool
RUN ${RANDOM} >/tool
RUN ${RANDOM} >/unused
FROM builtin:busybox
WORKDIR /app
COPY --from=tool /tool .
COPY note .
${OWN}
COPY --link --chown=u note /linked
`;

const filesIn = (directory: string): string[] =>
  existsSync(directory)
    ? (readdirSync(directory, { recursive: true, withFileTypes: true }) as import('node:fs').Dirent[])
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name))
    : [];

/** Nothing half-made, and nothing that a check minds. */
async function assertSound(machine: string): Promise<void> {
  assert.equal(readdirSync(join(machine, 'builds')), []);
  assert.equal(readdirSync(join(machine, 'partial')), []);
  assert.equal(await pod(['--root', machine, 'system', 'check']), {
    ...{ code: 0, signal: null },
    ...{ stdout: '', stderr: '' },
  });
}

test("a registry gives another machine all steps, and the same image; what isn't needed is not fetched", async () => {
  const folder = context('all', TWO_STAGES, { note: 'one' });
  const [first, second, third] = [newMachine(), newMachine(), newMachine()];
  const name = `${registry.host}/team/app`;
  await built(first, ['--cache-to', name, folder]);
  const progress = await built(second, ['--cache-from', name, folder]);
  assert.equal(carriedOut(progress), []);
  assert.is(idOf(second), idOf(first));
  await assertSound(second);
  // From then on it is this machine's own.
  assert.equal(carriedOut(await built(second, [folder])), []);
  assert.is(idOf(second), idOf(first));
  // A changed file makes what follows it anew, and only that.
  const changed = context('changed', TWO_STAGES, { note: 'two' });
  const again = await built(third, ['--cache-from', `type=registry,ref=${name}:buildcache`, changed]);
  assert.equal(carriedOut(again), ['COPY note .', OWN, 'COPY --link --chown=u note /linked']);
  assert.is(filesIn(join(third, 'layers')).filter((path) => path.endsWith('/own')).length, 1);
  await assertSound(third);
});

test('mode=min has the layers of the image alone, mode=max those of all stages', async () => {
  const folder = context('modes', TWO_STAGES, { note: 'one' });
  const [first, second] = [newMachine(), newMachine()];
  const min = join(sandbox.work, 'min');
  await built(first, [
    '--cache-to',
    'type=local,dest=min',
    '--cache-to',
    'type=local,dest=max,mode=max',
    folder,
  ]);
  const progress = await built(second, ['--cache-from', `type=local,src=${min}`, folder]);
  const copy = 'COPY --from=tool /tool .';
  const make = [`RUN ${RANDOM} >/tool`, `RUN ${RANDOM} >/unused`];
  assert.equal(carriedOut(progress).sort(), ['COPY note .', copy, ...make, OWN].sort());
  assert.equal(carriedOut(await built(newMachine(), ['--cache-from', 'type=local,src=max', folder])), []);
});

test('type=inline: the image is its own cache, and none of those that are built on it', async () => {
  const folder = context('inline', `FROM builtin:busybox\nRUN ${RANDOM} >/a\nRUN ${RANDOM} >/b\n`);
  const [first, second, third] = [newMachine(), newMachine(), newMachine()];
  const name = `${registry.host}/inline:1`;
  await built(first, ['-t', name, '--push', '--cache-to', 'type=inline', folder]);
  assert.equal(carriedOut(await built(second, ['--cache-from', name, folder])), []);
  const onIt = context('on-it', `FROM ${name}\nRUN true\n`);
  await built(third, [onIt]);
  const config = await pod(['--root', third, 'image', 'inspect', idOf(third)]);
  const stored = readFileSync(join(third, 'images/blobs/sha256', idOf(third).slice(7)), 'utf8');
  assert.is(config.code, 0);
  assert.not.match(stored, /build-cache/);
});

test('a secret is in no part of a cache', async () => {
  const secret = `secret-${Math.random()}`;
  const folder = context(
    'secret',
    'FROM builtin:busybox\nRUN --mount=type=secret,id=key test -s /run/secrets/key && echo used >/used\n',
  );
  const env = { KEY: secret };
  await built(
    newMachine(),
    ['--secret', 'id=key,env=KEY', '--cache-to', 'type=local,dest=kept,mode=max', folder],
    {
      env,
    },
  );
  const blobs = filesIn(join(sandbox.work, 'kept'));
  assert.ok(blobs.length >= 4);
  for (const path of blobs) assert.is(readFileSync(path).includes(secret), false, path);
  const other = newMachine();
  const progress = await built(
    other,
    ['--secret', 'id=key,env=KEY', '--cache-from', 'type=local,src=kept', folder],
    {
      env: { KEY: 'another' },
    },
  );
  assert.equal(carriedOut(progress), []);
});

test('a cache that is not there, or is none, is told of and the build goes on', async () => {
  const folder = context('absent', `FROM builtin:busybox\nRUN ${RANDOM} >/a\n`);
  const image = join(sandbox.work, 'image');
  await built(newMachine(), ['-o', `type=oci,tar=false,dest=${image}`, folder]);
  const named = `${registry.host}/nothing`;
  const progress = await built(newMachine(), [
    ...['--cache-from', named, '--cache-from', 'type=local,src=nowhere'],
    ...['--cache-from', `oci:${image}`, folder],
  ]);
  assert.equal(carriedOut(progress), [`RUN ${RANDOM} >/a`]);
  assert.match(progress, `cannot use the cache ${named}`);
  assert.match(progress, `no such file: ${join(sandbox.work, 'nowhere')}`);
  assert.match(progress, 'it holds no cache of builds');
});

test("a cache that can't be sent fails the build, unless that doesn't matter", async () => {
  const folder = context('unsendable', 'FROM builtin:busybox\nRUN true\n');
  writeFileSync(join(sandbox.work, 'taken'), '');
  const machine = newMachine();
  const { code, stderr } = await build(machine, ['--cache-to', 'type=local,dest=taken', folder]);
  assert.is(code, 125);
  assert.match(stderr, /Error: cannot write oci:.*\/taken/);
  await built(machine, ['--cache-to', 'type=local,dest=taken,ignore-error=true', folder]);
  const both = await build(machine, ['--cache-to', 'type=local,dest=x', '--layers=false', folder]);
  assert.match(both.stderr, /--cache-to and --layers=false exclude each other/);
  await assertSound(machine);
});

test('a policy that lets no image in lets no cache in', async () => {
  const folder = context('policy', `FROM builtin:busybox\nRUN ${RANDOM} >/a\n`);
  const cache = `type=registry,ref=${registry.host}/policy:1`;
  await built(newMachine(), ['--cache-to', cache, folder]);
  const policy = join(sandbox.work, 'policy.json');
  writeFileSync(policy, JSON.stringify({ default: [{ type: 'reject' }] }));
  const progress = await built(newMachine(), ['--signature-policy', policy, '--cache-from', cache, folder]);
  assert.equal(carriedOut(progress), [`RUN ${RANDOM} >/a`]);
  assert.match(progress, /images from there are rejected/);
});

const damages: Record<string, (blob: string) => void> = {
  'that is not there': (blob) => rmSync(blob),
  'with other content': (blob) => {
    const bytes = readFileSync(blob);
    bytes[600] = bytes[600]! ^ 1;
    writeFileSync(blob, bytes);
  },
};

for (const [what, damage] of Object.entries(damages)) {
  test(`a layer of a cache ${what} is made anew, with what was built on it, and leaves nothing`, async () => {
    const lines = ['FROM builtin:busybox', `RUN ${RANDOM} >/a`, `RUN ${RANDOM} >/b`, 'COPY note /'];
    const folder = context('damaged', `${lines.join('\n')}\n`, { note: what });
    const [first, second] = [newMachine(), newMachine()];
    const place = join(sandbox.work, `cache-${machines}`);
    await built(first, ['--cache-to', `type=local,dest=${place},mode=max`, folder]);
    const own = filesIn(join(first, 'layers')).find((path) => path.endsWith('/fs/a'))!;
    damage(join(place, 'blobs/sha256', own.split('/').at(-3)!));
    const progress = await built(second, ['--cache-from', `type=local,src=${place}`, folder]);
    assert.match(progress, /the cache can't be used: /);
    assert.equal([...new Set(carriedOut(progress))].sort(), lines.slice(1).sort());
    await assertSound(second);
    assert.equal(carriedOut(await built(second, [folder])), []);
  });
}

test.run();
