/** save, load, import, and the places that pull, run, create and push take beside registries. */

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import {
  binary,
  busyboxLayer,
  command,
  eventually,
  pod,
  podBytes,
  podOk,
  sandbox,
  startPod,
  tarOf,
  test,
} from './harness/index.ts';

const inWork = (name: string): string => join(sandbox.work, name);
const idOf = async (name: string): Promise<string> =>
  podOk(['image', 'inspect', '--format', '{{.Id}}', name]);
const without = (image: string): Promise<string> => podOk(['rmi', image]);

test.before(async () => {
  await podOk(['run', '--rm', '--network', 'none', BUSYBOX, 'true']);
  writeFileSync(inWork('tree.tar'), tarOf(busyboxLayer()));
  await podOk(['import', '-q', '-c', 'CMD ["echo","one"]', 'tree.tar', 'one:1']);
  await podOk(['import', '-q', '-c', 'CMD ["echo","two"]', 'tree.tar', 'docker.io/library/two:2']);
});

test('save writes several images and names into one archive, the same each time', async () => {
  await podOk(['tag', 'one:1', 'localhost/one:again']);
  assert.equal(await pod(['save', '-o', 'all.tar', 'one:1', 'two:2', 'localhost/one:again']), ended(0));
  const { stdout } = await podBytes(['image', 'save', 'one:1', 'two:2', 'localhost/one:again']);
  assert.ok(stdout.equals(readFileSync(inWork('all.tar'))));
  const items = JSON.parse(
    execFileSync('tar', ['-xOf', 'all.tar', 'manifest.json'], { cwd: sandbox.work, encoding: 'utf8' }),
  );
  assert.equal(
    items.map(({ RepoTags }: { RepoTags: string[] }) => RepoTags),
    [['localhost/one:1', 'localhost/one:again'], ['docker.io/library/two:2']],
  );
  for (const name of ['one:1', 'localhost/one:again', 'two:2']) await without(name);
  assert.equal(
    await pod(['load', '-q', '-i', 'all.tar']),
    ended(0, 'Loaded image: localhost/one:1\nLoaded image: localhost/one:again\nLoaded image: two:2\n'),
  );
  assert.is(await podOk(['run', '--rm', '--network', 'none', 'localhost/one:again']), 'one');
  await without('localhost/one:again');
});

test('an image that is saved by its id has no name when it is loaded', async () => {
  const id = await idOf('one:1');
  await podOk(['save', '-o', 'by-id.tar', id.slice(7, 19)]);
  assert.equal(await pod(['load', '-q', '-i', 'by-id.tar']), ended(0, `Loaded image ID: ${id}\n`));
});

test('load takes archives of every compression, from a file, a pipe and a redirection', async () => {
  await podOk(['save', '-o', 'c.tar', 'one:1']);
  for (const tool of ['gzip', 'zstd', 'xz', 'bzip2']) {
    const packed = execFileSync(tool, ['-c', 'c.tar'], { cwd: sandbox.work, maxBuffer: 64 << 20 });
    writeFileSync(inWork(`c.${tool}`), packed);
    await without('one:1');
    assert.equal(await pod(['load', '-q', '-i', `c.${tool}`]), ended(0, 'Loaded image: localhost/one:1\n'));
    assert.equal(await pod(['load', '-q'], { input: packed }), ended(0, 'Loaded image: localhost/one:1\n'));
    const cut = await pod(['load', '-q'], { input: packed.subarray(0, packed.length / 2) });
    assert.equal([cut.code, cut.stdout], [125, '']);
    assert.match(cut.stderr, new RegExp(`^Error: cannot decompress the ${tool} data: `));
  }
  for (const redirected of ['c.tar', 'c.xz'])
    assert.equal(
      await command(['sh', '-c', `"$0" load -q < ${redirected}`, binary]),
      ended(0, 'Loaded image: localhost/one:1\n'),
    );
  assert.equal(
    await pod(['load', '-q', '-i', 'c.xz'], { env: { PATH: sandbox.work } }),
    ended(
      125,
      '',
      'Error: cannot decompress the xz data: the program xz is not installed\nsudo apt install xz-utils\n',
    ),
  );
  assert.equal(readdirSync(join(sandbox.data, 'partial')), []);
});

test('save to places that cannot take it says so, and leaves what was there', async () => {
  const hint = 'tsc-pod save -o FILE one:1\n';
  const shown = await pod(['save', 'one:1'], { tty: true });
  assert.is(shown.code, 125);
  assert.match(shown.stdout, /refused to write an archive to a terminal\r\n/);
  assert.equal(
    await pod(['save', '--format', 'oci-dir', 'one:1']),
    ended(125, '', `Error: refused to write a directory to standard output\n${hint}`),
  );
  assert.equal(
    await pod(['save', '-o', 'no/where.tar', 'one:1']),
    ended(125, '', 'Error: cannot write no/where.tar: there is no such directory\n'),
  );
  const full = await pod(['save', '-o', '/dev/full', 'one:1']);
  assert.match(full.stderr, /^Error: cannot write \/dev\/full: the disk is full\n/);
  writeFileSync(inWork('kept.tar'), 'what was there');
  const damaged = join(sandbox.data, 'images/blobs/sha256', (await layerOf('one:1')).slice(7));
  const bytes = readFileSync(damaged);
  writeFileSync(damaged, bytes.subarray(1));
  const cut = await pod(['save', '-o', 'kept.tar', 'one:1']);
  writeFileSync(damaged, bytes);
  assert.is(cut.code, 125);
  assert.match(cut.stderr, new RegExp(`it has ${bytes.length - 1} bytes, not ${bytes.length}`));
  assert.is(readFileSync(inWork('kept.tar'), 'utf8'), 'what was there');
  assert.equal(
    readdirSync(sandbox.work).filter((name) => name.endsWith('.partial')),
    [],
  );
});

test('what a killed save has left goes with the next one to the same file', async () => {
  const halfMade = () => readdirSync(sandbox.work).filter((name) => name.endsWith('.partial'));
  const large = tarOf([{ name: 'large', content: randomBytes(32 << 20) }]);
  await podOk(['import', '-q', '-', 'large:1'], { input: large });
  await eventually(async () => {
    const child = startPod(['save', '-q', '-o', 'killed.tar', 'large:1'], { stdio: 'ignore' });
    const closed = new Promise((resolve) => child.on('close', resolve));
    while (child.exitCode === null && halfMade().length === 0) await nextTurn();
    child.kill('SIGKILL');
    await closed;
    return halfMade().length === 1; // else it had ended before it was killed
  });
  await podOk(['save', '-q', '-o', 'killed.tar', 'one:1']);
  assert.equal(halfMade(), []);
  await podOk(['rmi', 'large:1']);
});

async function layerOf(name: string): Promise<string> {
  await podOk(['push', '-q', name, 'dir:look']);
  return JSON.parse(readFileSync(inWork('look/manifest.json'), 'utf8')).layers[0].digest;
}

test('images are pushed to and pulled from layouts, archives and directories', async () => {
  for (const [place, name] of [
    ['oci:places/layout:tag', 'localhost/tag:latest'],
    ['oci-archive:places/oci.tar:named:3', 'localhost/named:3'],
    ['docker-archive:places/docker.tar:named:4', 'docker.io/library/named:4'],
    ['dir:places/directory', 'localhost/places/directory:latest'],
  ] as const) {
    mkdirSync(inWork('places'), { recursive: true });
    assert.is(await podOk(['push', '-q', 'one:1', place]), place);
    const id = (await idOf('one:1')).slice(7);
    assert.is(await podOk(['pull', '-q', place]), id);
    assert.is(await idOf(name), `sha256:${id}`);
    assert.is(await podOk(['run', '--rm', '--network', 'none', place]), 'one');
    const made = await podOk(['create', '--network', 'none', place]);
    assert.is(await podOk(['start', '-a', made]), 'one');
    await podOk(['rm', made]);
    await without(name);
  }
  assert.equal(
    await pod(['push', '-q', 'two:2', 'oci-archive:places/oci.tar']),
    ended(
      125,
      '',
      'Error: cannot write oci-archive:places/oci.tar: the file is there, and an archive is not added to\n',
    ),
  );
  assert.equal(
    await pod(['push', '-q', 'two:2', `dir:${sandbox.work}`]),
    ended(125, '', `Error: cannot write dir:${sandbox.work}: ${sandbox.work} holds other things\n`),
  );
});

test('a layout takes several images, and gives the one that is asked for', async () => {
  await podOk(['push', '-q', 'one:1', 'oci:both:a']);
  await podOk(['push', '-q', 'two:2', 'oci:both:b']);
  await podOk(['push', '-q', 'two:2', 'oci:both:b']);
  assert.is(await podOk(['run', '--rm', '--network', 'none', 'oci:both:b']), 'two');
  assert.equal(
    await pod(['run', '--rm', 'oci:both']),
    ended(
      125,
      '',
      'Error: cannot tell which image of oci:both is meant: it has 2\noci:both:TAG of localhost/a:latest, localhost/b:latest\n',
    ),
  );
  assert.equal(
    await pod(['run', '--rm', 'oci:both:c']),
    ended(125, '', 'Error: no image c in oci:both\nthere is: a, b\n'),
  );
  assert.equal(await pod(['run', '--rm', 'oci:nowhere']), ended(125, '', 'Error: no such file: nowhere\n'));
  assert.equal(
    await pod(['load', '-q', '-i', 'both']),
    ended(0, 'Loaded image: localhost/a:latest\nLoaded image: localhost/b:latest\n'),
  );
  await podOk(['save', '-o', 'two.tar', 'one:1', 'two:2']);
  assert.is(await podOk(['run', '--rm', '--network', 'none', 'docker-archive:two.tar:@1']), 'two');
  assert.is(await podOk(['run', '--rm', '--network', 'none', 'docker-archive:two.tar:two:2']), 'two');
});

test('save --format docker-dir --compress writes a directory of skopeo', async () => {
  assert.equal(await pod(['save', '--format', 'docker-dir', '--compress', '-o', 'dd', 'one:1']), ended(0));
  const { layers } = JSON.parse(readFileSync(inWork('dd/manifest.json'), 'utf8'));
  assert.is(layers[0].mediaType, 'application/vnd.docker.image.rootfs.diff.tar.gzip');
  const config = await command(['skopeo', 'inspect', '--config', 'dir:dd']);
  assert.equal(JSON.parse(config.stdout).config.Cmd, ['echo', 'one']);
});

test('import makes an image of a tree, with what it is told', async () => {
  const id = await podOk([
    ...['import', '-q', '-m', 'told', '-c', 'ENV A=b', '-c', 'CMD ["sh","-c","echo $A"]', '--variant', 'v3'],
    ...['tree.tar', 'made:1'],
  ]);
  assert.match(id, /^sha256:[0-9a-f]{64}$/);
  const [image] = JSON.parse(await podOk(['image', 'inspect', 'made:1']));
  assert.equal([image.Id, image.Variant, image.Config.Env], [id, 'v3', ['A=b']]);
  assert.is(await podOk(['history', '--format', '{{.Comment}}', 'made:1']), 'told');
  const arm = await podOk(['import', '-q', '--platform', 'linux/arm64', '-', 'arm:1'], {
    input: readFileSync(inWork('tree.tar')),
  });
  assert.is(await podOk(['image', 'inspect', '--format', '{{.Architecture}}', arm.slice(7)]), 'arm64');
  for (const [args, message] of [
    [['/etc/passwd'], 'cannot read the tar archive: '],
    [['nowhere.tar'], 'no such file: nowhere.tar'],
    [['-c', 'RUN x', 'tree.tar'], 'cannot use --change "RUN x"'],
    [['tree.tar', 'UPPER'], 'invalid image reference "UPPER"'],
  ] as const) {
    const { code, stderr } = await pod(['import', ...args]);
    assert.equal([code, stderr.startsWith(`Error: ${message}`)], [125, true], stderr);
  }
  for (const tool of ['gzip', 'zstd', 'xz', 'bzip2']) {
    const packed = execFileSync(tool, ['-c', 'tree.tar'], { cwd: sandbox.work, maxBuffer: 64 << 20 });
    await podOk(['import', '-q', '-c', 'CMD ["echo","packed"]', '-', 'packed:1'], { input: packed });
    assert.is(await podOk(['run', '--rm', '--network', 'none', 'packed:1']), 'packed');
  }
});

test('--platform takes an image that is for it, and no other', async () => {
  await podOk(['import', '-q', '--platform', 'linux/arm64', 'tree.tar', 'arm:2']);
  const why = 'it is for linux/arm64';
  const refused = (verb: string, code: number) =>
    ended(code, '', `Error: cannot ${verb} arm:2 for linux/s390x: ${why}\n`);
  assert.equal(await pod(['save', '--platform', 'linux/s390x', 'arm:2']), refused('save', 125));
  await podOk(['save', '-q', '--platform', 'linux/arm64', '-o', 'arm.tar', 'arm:2']);
  assert.equal(await pod(['rmi', '--platform', 'linux/s390x', 'arm:2']), refused('remove', 1));
  await podOk(['rmi', '--platform', 'linux/arm64', 'arm:2']);
  const other = await pod(['load', '-q', '--platform', 'linux/s390x', '-i', 'arm.tar']);
  assert.equal([other.code, other.stdout], [125, '']);
  assert.match(other.stderr, /linux\/arm64/);
  assert.equal(
    await pod(['load', '-q', '--platform', 'linux/arm64', '-i', 'arm.tar']),
    ended(0, 'Loaded image: localhost/arm:2\n'),
  );
  await podOk(['rmi', 'arm:2']);
});

test('load and import read from addresses', async () => {
  await podOk(['save', '-o', 'web.tar', 'one:1']);
  const server = await serve();
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.equal(
    await pod(['load', '-q', '-i', `${address}/web.tar`]),
    ended(0, 'Loaded image: localhost/one:1\n'),
  );
  assert.equal(
    await pod(['load', '-q', '-i', `${address}/moved/web.tar?secret=1`]),
    ended(0, 'Loaded image: localhost/one:1\n'),
  );
  await podOk(['import', '-q', `${address}/tree.tar`, 'from-web:1']);
  assert.equal(
    await pod(['import', '-q', `${address}/short/tree.tar?secret=1`]),
    ended(125, '', `Error: cannot fetch ${address}/short/tree.tar: the connection was cut\n`),
  );
  assert.equal(
    await pod(['load', '-q', '-i', `${address}/nowhere?secret=1`]),
    ended(125, '', `Error: cannot fetch ${address}/nowhere: the answer is 404\n`),
  );
  server.close();
});

/** The files of the work directory; /moved/X is somewhere else, /short/X breaks off. */
async function serve(): Promise<Server> {
  const server = createServer(({ url = '' }, answer) => {
    const { pathname } = new URL(url, 'http://x');
    const file = inWork(pathname.split('/').at(-1)!);
    if (!existsSync(file)) return answer.writeHead(404).end();
    if (pathname.startsWith('/moved/'))
      return answer.writeHead(302, { location: `/${pathname.slice(7)}` }).end();
    if (!pathname.startsWith('/short/')) return createReadStream(file).pipe(answer);
    const bytes = readFileSync(file);
    answer.writeHead(200, { 'content-length': bytes.length });
    return answer.write(bytes.subarray(0, 10_000), () => answer.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

test.run();
