/** Removing images: names, layers that are shared, what was made from what, and what du(1) says before and after. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ended } from './container-lab.ts';
import { type ArchivedImage, configOf, dockerArchive, sha256 } from './docker-archive.ts';
import { busyboxLayer, pod, podOk, sandbox, tarOf, test } from './harness/index.ts';

const file = (name: string, bytes: number) => tarOf([{ name, content: randomBytes(bytes) }]);
const step = (created_by: string) => ({ created: '2021-02-03T04:05:06Z', created_by });
const layers = {
  base: tarOf(busyboxLayer()),
  a: file('a', 300_000),
  b: file('b', 200_000),
  c: file('c', 100_000),
};
const image = (tags: string[], ...names: (keyof typeof layers)[]): ArchivedImage => ({
  tags,
  layers: names.map((name) => layers[name]),
  created: '2021-02-03T04:05:06Z',
  history: names.map(step),
  config: { Cmd: ['/bin/sh'], Labels: { last: names.at(-1)! } },
});
const spec = {
  base: image(['localhost/base:1'], 'base'),
  a: image(['localhost/a:1', 'localhost/a:2'], 'base', 'a'),
  ab: image(['localhost/ab:1'], 'base', 'a', 'b'),
  c: image(['localhost/c:1'], 'base', 'c'),
};
const id = Object.fromEntries(
  Object.entries(spec).map(([name, one]) => [name, sha256(configOf(one))]),
) as Record<keyof typeof spec, string>;
const load = (...names: (keyof typeof spec)[]) =>
  podOk(['load', '-q'], { input: dockerArchive(names.map((name) => spec[name])) });
const everything = () => load('base', 'a', 'ab', 'c');

const hasLayer = (name: keyof typeof layers): boolean =>
  existsSync(join(sandbox.data, 'layers', sha256(layers[name])));
const blobs = (): string[] => readdirSync(join(sandbox.data, 'images/blobs/sha256'));
const shown = async (): Promise<string[]> =>
  (await podOk(['images', '-a', '--format', '{{.Repository}}:{{.Tag}}', '--sort', 'repository']))
    .split('\n')
    .filter((line) => line !== '');

/** Bytes on the disk of what images consist of, by du(1) as root of the namespace. */
async function du(): Promise<number> {
  const [images, unpacked] = ['images/blobs/sha256', 'layers'].map((name) => join(sandbox.data, name));
  const script = `find ${images} ${unpacked} -mindepth 1 -maxdepth 1 -print0 | du -c -s -B1 --files0-from=- | tail -1`;
  return Number((await podOk(['unshare', 'sh', '-c', script])).split('\t')[0]);
}
/** As docker writes it, four digits. */
const human = (bytes: number): string => {
  const [value, unit] =
    bytes >= 1e6 ? [bytes / 1e6, 'MB'] : bytes >= 1e3 ? [bytes / 1e3, 'kB'] : [bytes, 'B'];
  return `${Number(value.toPrecision(4))}${unit}`;
};

test('a blob and a layer that images share are stored once, and system df says what du says', async () => {
  await everything();
  assert.is(readdirSync(join(sandbox.data, 'layers')).length, 4);
  const before = await du();
  assert.is(
    await podOk(['system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Size}} {{.Reclaimable}}']).then(
      (text) => text.split('\n')[0],
    ),
    `Images 4 ${human(before)} ${human(before)} (100%)`,
  );
  await everything();
  assert.is(await du(), before, 'the same again takes nothing');
});

test('rmi takes one name, and the image with its last one; what others share stays', async () => {
  assert.equal(await pod(['rmi', 'localhost/a:1']), ended(0, 'Untagged: localhost/a:1\n'));
  assert.equal(
    await pod(['rmi', 'a:2', 'nosuch', 'c:1']),
    ended(
      1,
      `Untagged: localhost/a:2\nDeleted: sha256:${id.a}\nUntagged: localhost/c:1\nDeleted: sha256:${id.c}\n`,
      'Error: no such image: nosuch\ntsc-pod images   # lists all images\n',
    ),
  );
  assert.equal([hasLayer('base'), hasLayer('a'), hasLayer('b'), hasLayer('c')], [true, true, true, false]);
  assert.is(blobs().includes(id.c), false);
  assert.equal(await pod(['rmi', '--ignore', 'nosuch']), ended(0));
  assert.equal(
    await pod(['rmi']),
    ended(125, '', 'Error: no image was named\ngive names or ids, or --all\n'),
  );
  assert.equal(await pod(['rmi', '-a', 'x']), ended(125, '', 'Error: --all and names exclude each other\n'));
});

test('rmi by id wants --force for several names', async () => {
  await everything();
  const short = id.a.slice(0, 12);
  assert.equal(
    await pod(['image', 'rm', short]),
    ended(
      125,
      '',
      `Error: cannot remove image ${short}: it has several names: localhost/a:1, localhost/a:2\nremove the names one by one, or use --force\n`,
    ),
  );
  assert.equal(
    await pod(['rmi', '-f', short]),
    ended(0, `Untagged: localhost/a:1\nUntagged: localhost/a:2\nDeleted: sha256:${id.a}\n`),
  );
});

test('what a container uses is not removed unless forced, and then the container still runs', async () => {
  await podOk(['run', '-d', '--network', 'none', '--name', 'user', 'localhost/ab:1', 'sleep', '100']);
  const refused = `Error: cannot remove image ${id.ab.slice(0, 12)}: container user uses it\ntsc-pod rm user   # first\n`;
  assert.equal(await pod(['rmi', 'ab:1']), ended(2, '', refused));
  const all = await pod(['rmi', '--all']);
  assert.is(all.code, 2);
  assert.is(all.stderr, refused, '--all is no --force');
  assert.equal(await shown(), ['localhost/ab:1']);
  assert.equal(await pod(['image', 'prune', '-af']), ended(0, 'Total reclaimed space: 0B\n'));
  assert.equal(
    await pod(['rmi', '-f', 'ab:1']),
    ended(0, `Untagged: localhost/ab:1\nDeleted: sha256:${id.ab}\n`),
  );
  assert.is(await podOk(['exec', 'user', 'ls', '/a', '/b']), '/a\n/b');
  await podOk(['rm', '-f', '-t', '0', 'user']);
});

test('nameless images go with the last one that was made from them, unless --no-prune', async () => {
  await everything();
  await podOk(['untag', 'base:1']);
  await podOk(['untag', 'a:1']);
  assert.equal(
    await pod(['rmi', '--no-prune', 'c:1']),
    ended(0, `Untagged: localhost/c:1\nDeleted: sha256:${id.c}\n`),
  );
  assert.equal(await shown(), ['<none>:<none>', '<none>:<none>', 'localhost/ab:1']);
  assert.equal(
    await pod(['image', 'prune', '-f']),
    ended(0, 'Total reclaimed space: 0B\n'),
    'ab is made from them',
  );
  assert.equal(
    await pod(['rmi', 'ab:1']),
    ended(
      0,
      `Untagged: localhost/ab:1\n${[id.ab, id.a, id.base].map((one) => `Deleted: sha256:${one}\n`).join('')}`,
    ),
  );
  assert.equal(blobs(), []);
});

test('prune removes what has no name, then what that was made from, and frees what it says', async () => {
  await everything();
  for (const name of ['base:1', 'a:1', 'ab:1']) await podOk(['untag', name]);
  const before = await du();
  const pruned = await pod(['image', 'prune', '--force']);
  const freed = before - (await du());
  const deleted = [id.ab, id.a].map((one) => `deleted: sha256:${one}\n`).join('');
  assert.equal(pruned, ended(0, `Deleted Images:\n${deleted}\nTotal reclaimed space: ${human(freed)}\n`));
  assert.ok(freed > 1_000_000 / 2, String(freed));
  assert.equal(await shown(), ['<none>:<none>', 'localhost/c:1'], 'c is made from base');
  assert.equal(
    await pod(['image', 'prune', '-f', '-a', '--filter', 'label=last=nothing']),
    ended(0, 'Total reclaimed space: 0B\n'),
  );
  assert.equal(
    await pod(['image', 'prune', '-f', '-a', '--filter', 'until=2021-01-01']),
    ended(0, 'Total reclaimed space: 0B\n'),
  );
  const rest = await du();
  const all = await pod(['image', 'prune', '-f', '-a', '--filter', 'until=1h', '--filter', 'label!=last=x']);
  assert.is(all.stdout.split('\n').at(-2), `Total reclaimed space: ${human(rest)}`);
  assert.equal(blobs(), []);
  assert.equal(readdirSync(join(sandbox.data, 'layers')), []);
});

test('prune asks first, and does nothing for a no', async () => {
  await load('c');
  const asked =
    'WARNING! This will remove all images without at least one container associated to them.\nAre you sure you want to continue? [y/N] ';
  assert.equal(
    await pod(['image', 'prune', '-a'], { input: 'n\n' }),
    ended(1, `${asked}\n`, 'Error: nothing was removed\n'),
  );
  assert.equal(await shown(), ['localhost/c:1']);
  const yes = await pod(['image', 'prune', '-a'], { input: 'y\n' });
  assert.is(yes.stdout.split('\n')[2], 'Deleted Images:');
});

test('what belongs to no image any more is given back, after an hour in which a pull may want it', async () => {
  await load('c');
  const lost = Buffer.from('of an image that was repaired away');
  const path = join(sandbox.data, 'images/blobs/sha256', sha256(lost));
  writeFileSync(path, lost);
  await podOk(['image', 'prune', '-f']);
  assert.ok(existsSync(path));
  utimesSync(path, 1, 1);
  const taken = statSync(path).blocks * 512;
  assert.equal(await pod(['image', 'prune', '-f']), ended(0, `Total reclaimed space: ${human(taken)}\n`));
  assert.not.ok(existsSync(path));
  assert.is(await podOk(['run', '--rm', '--network', 'none', 'c:1', 'ls', '/c']), '/c');
});

test('a store that is damaged, in whatever file, is told of with the way to mend it', async () => {
  const index = join(sandbox.data, 'images/index.json');
  const manifest = JSON.parse(readFileSync(index, 'utf8')).manifests[0].digest.slice(7) as string;
  const path = (hex: string): string => join(sandbox.data, 'images/blobs/sha256', hex);
  const repair = 'tsc-pod system check --repair\n';
  for (const [what, bytes] of [
    [index, ''],
    [index, '[]'],
    [index, '{"manifests":[{"digest":"sha256:x","mediaType":1}]}'],
    [index, '{"schemaVersion":2,"manifests":[{"mediaType":"","digest":"../../../etc/passwd","size":1}]}'],
    [path(manifest), undefined],
    [path(manifest), '{"schemaVersion":2,"manifests":[]}'],
    [path(id.c), '{"rootfs":{"diff_ids":["../../x"]}}'],
    [path(id.c), '\0\xff'],
  ] as [string, string | undefined][]) {
    const whole = readFileSync(what);
    if (bytes === undefined) writeFileSync(what, whole.subarray(0, whole.length / 2));
    else writeFileSync(what, bytes);
    for (const args of [
      ['history', 'c:1'],
      ['image', 'inspect', 'c:1'],
      ['run', '--rm', '--pull', 'never', 'c:1', 'true'],
      ['image', 'tree', 'c:1'],
    ]) {
      const ran = await pod(args);
      const label = `${args.join(' ')} with ${what.slice(-12)} ${bytes}: ${JSON.stringify(ran)}`;
      assert.is(ran.code, 125, label);
      assert.ok(ran.stderr.split('\n').length <= 4, label);
      assert.ok(ran.stderr.endsWith(repair) || /no such image/.test(ran.stderr), label);
    }
    writeFileSync(what, whole);
  }
  assert.is((await pod(['system', 'check'])).code, 0);
});

test.run();
