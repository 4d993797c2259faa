/** Where `build` finds its files and its Dockerfile, with the built binary. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { failure, files } from './build-lab.ts';
import { folder } from './copy-lab.ts';
import { sandbox, test } from './harness/index.ts';
import { tar } from './unpack-lab.ts';

const SCRATCH = 'FROM scratch\nCOPY . /\n';

test('a folder, with .dockerignore and its exceptions', async () => {
  const context = folder(
    `Dockerfile: ${SCRATCH}`,
    '.dockerignore: *.md\nnode_modules\ndeep/*\n!deep/kept\nDockerfile\n.dockerignore\n',
    'a.txt: a',
    'b.md: b',
    'node_modules/x: x',
    'deep/lost: l',
    'deep/kept/f: k',
  );
  assert.equal(await files([context]), [
    '-rw-r--r-- 0/0 a.txt',
    'drwxr-xr-x 0/0 deep/',
    'drwxr-xr-x 0/0 deep/kept/',
    '-rw-r--r-- 0/0 deep/kept/f',
  ]);
  assert.match(
    await failure(['-f', '-', context], { input: 'FROM scratch\nCOPY b.md /\n' }),
    /cannot copy b\.md: the build context has no b\.md\n.*a line of \.dockerignore leaves it out/s,
  );
});

test('-f: in the context, outside of it, standard input, with an ignore file of its own', async () => {
  const context = folder('x: x', 'y: y', `build/Other: ${SCRATCH}`, 'build/Other.dockerignore: build\ny\n');
  const outside = folder('My.docker: FROM scratch\nCOPY x /from-outside\n', 'My.docker.dockerignore: y');
  assert.equal(await files(['-f', join(context, 'build/Other'), context]), ['-rw-r--r-- 0/0 x']);
  assert.equal(await files(['-f', 'build/Other', '.'], { cwd: context }), ['-rw-r--r-- 0/0 x']);
  assert.equal(await files(['-f', join(outside, 'My.docker'), context]), ['-rw-r--r-- 0/0 from-outside']);
  assert.equal(await files(['-f', '-', context], { input: 'FROM scratch\nCOPY y /\n' }), [
    '-rw-r--r-- 0/0 y',
  ]);
  assert.match(await failure([context]), /there is no Dockerfile and no Containerfile/);
  assert.match(await failure(['-f', 'nothing', context]), /there is no nothing/);
  assert.match(
    await failure([join(context, 'none')]),
    /cannot use .*none as the build context: there is no such directory/,
  );
  assert.match(
    await failure(['-f', '-', '-'], { input: '' }),
    /cannot read context and Dockerfile from standard input both/,
  );
});

test('standard input: a Dockerfile, or an archive with its owners', async () => {
  assert.equal(await files(['-'], { input: 'FROM scratch\nCOPY <<a /b\ntext\na\n' }), ['-rw-r--r-- 0/0 b']);
  const nothing = 'FROM scratch AS a\nCOPY . /a/\nFROM scratch\nCOPY . /x/\nCOPY --from=a /a /y\n';
  assert.equal(await files(['-'], { input: nothing }), ['drwxr-xr-x 0/0 x/', 'drwxr-xr-x 0/0 y/']);
  const archive = tar(
    { path: './Dockerfile', type: 'file', content: 'FROM scratch\nCOPY d /d\nADD d/f /\n' },
    { path: './d/f', type: 'file', mode: 0o600, uid: 3, gid: 4, content: 'f' },
    { path: './d/l', type: 'symlink', linkTarget: 'f' },
    { path: './d/h', type: 'hardlink', linkTarget: './d/f' },
  );
  for (const input of [archive, gzipSync(archive)])
    assert.equal(await files(['-'], { input }), [
      'drwxr-xr-x 0/0 d/',
      '-rw------- 3/4 d/f',
      'hrw------- 3/4 d/h link to d/f',
      'lrwxrwxrwx 0/0 d/l -> f',
      '-rw------- 3/4 f',
    ]);
  assert.match(
    await failure(['-'], { input: Buffer.from([0, 1, 2, 3]) }),
    /it is neither a tar archive nor a Dockerfile/,
  );
  const climbing = tar({ path: '../x', type: 'file', content: 'x' });
  assert.match(await failure(['-'], { input: climbing }), /its name climbs above the root/);
  assert.match(await failure(['-'], { input: archive.subarray(0, 1200) }), /cannot read the tar archive/);
});

test('an address: an archive or a Dockerfile', async () => {
  const archive = tar(
    { path: 'sub/Containerfile', type: 'file', content: 'FROM scratch\nCOPY sub/f /\n' },
    { path: 'sub/f', type: 'file', content: 'f' },
  );
  const server = createServer((request, response) => {
    response.end(request.url === '/a.tgz' ? gzipSync(archive) : 'FROM scratch\nCOPY <<f /g\nx\nf\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    assert.equal(await files(['-f', 'sub/Containerfile', `${address}/a.tgz`]), ['-rw-r--r-- 0/0 f']);
    assert.equal(await files([`${address}/Dockerfile`]), ['-rw-r--r-- 0/0 g']);
  } finally {
    server.close();
  }
  assert.match(await failure([`${address}/Dockerfile`]), /connection refused/);
});

test('a repository, a branch and a directory of it', async () => {
  const source = folder(`app/Dockerfile: ${SCRATCH}`, 'app/f: one', 'other: o');
  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@e.org', ...words], {
      cwd: source,
      env: { PATH: process.env.PATH!, GIT_CONFIG_GLOBAL: '/dev/null', HOME: sandbox.home },
      stdio: 'pipe',
    });
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-qm', 'one');
  git('branch', 'old');
  writeFileSync(join(source, 'app/g'), 'two');
  git('add', '.');
  git('commit', '-qm', 'two');
  const url = `file://${join(source, '.git')}`;
  assert.equal(await files([`${url}#main:app`]), [
    '-rw-r--r-- 0/0 Dockerfile',
    '-rw-r--r-- 0/0 f',
    '-rw-r--r-- 0/0 g',
  ]);
  assert.equal(await files(['-f', 'app/Dockerfile', `${url}#old`]), [
    'drwxr-xr-x 0/0 app/',
    '-rw-r--r-- 0/0 app/Dockerfile',
    '-rw-r--r-- 0/0 app/f',
    '-rw-r--r-- 0/0 other',
  ]);
  assert.match(
    await failure([url], { env: { PATH: '/nowhere' } }),
    /the program git is not installed\nsudo apt install git/,
  );
});

test('--build-context: folders, archives and images under names of their own', async () => {
  const assets = folder('f: x', 'g.md: g', '.dockerignore: *.md\n.dockerignore');
  const archive = join(sandbox.work, 'named.tgz');
  writeFileSync(archive, gzipSync(tar({ path: 'd/x/a.txt', type: 'file', uid: 3, content: 'a' })));
  const input =
    'FROM base AS one\nFROM scratch\nCOPY --from=assets . /\nCOPY --from=tarred --parents d/./x/*.txt /t/\n';
  const named = [`assets=${assets}`, `tarred=${archive}`, 'base=docker-image://builtin:busybox'];
  const flags = named.flatMap((one) => ['--build-context', one]);
  assert.equal(await files([...flags, '-f', '-', folder()], { input }), [
    '-rw-r--r-- 0/0 f',
    'drwxr-xr-x 0/0 t/',
    'drwxr-xr-x 0/0 t/x/',
    '-rw-r--r-- 3/0 t/x/a.txt',
  ]);
});

test('what was read of folders is remembered, also of named ones, and when the build has failed', async () => {
  const memory = join(sandbox.data, 'cache/contexts');
  rmSync(memory, { recursive: true, force: true });
  const older = join(import.meta.dirname, 'registry'); // what was changed a moment ago isn't remembered
  const input = 'FROM scratch\nCOPY --from=older . /\nCOPY memory-registry.ts none /\n';
  const said = await failure(['--build-context', `older=${older}`, '-f', '-', older], { input });
  assert.match(said, /cannot copy none: the build context has no none/);
  const [remembered = ''] = readdirSync(memory).map((name) => readFileSync(join(memory, name), 'utf8'));
  assert.is(remembered.trim().split('\n').length, 1 + readdirSync(older).length);
});

test.run();
