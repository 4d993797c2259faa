import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import type { ContextEnvironment } from '../../core/build/context/open-context.ts';
import { type AddWish, addSources } from '../../core/build/copy/add-sources.ts';
import type { Selection } from '../../core/build/copy/selection.ts';
import { contextOf, copyTo, folder, refusal, rootOf, tree } from './copy-lab.ts';
import { serveGit } from './git-server.ts';
import { sandbox, test } from './harness/index.ts';
import { environment } from './harness/sandbox.ts';
import { tar } from './unpack-lab.ts';

const work = join(sandbox.work, 'add');
mkdirSync(work);

const parts: ContextEnvironment = {
  directory: work,
  workingDirectory: work,
  environment: { ...environment, TSC_POD_REGISTRY_TIMEOUT: '1' },
  input: () => {
    throw new Error('nobody reads it');
  },
  signal: new AbortController().signal,
  atEnd: () => {},
};

function add(context: string, paths: string[], wish: Partial<AddWish> = {}): Promise<Selection> {
  const sources = paths.map((path) => ({ kind: 'path' as const, path }));
  return addSources(contextOf(context), { sources, exclude: [], keepGitDir: false, ...wish }, parts);
}

async function added(context: string, paths: string[], wish: Partial<AddWish> = {}, script = '') {
  const root = await rootOf(script);
  await copyTo(root, await add(context, paths, wish), { destination: '/to/' });
  return (await tree(root)).filter((line) => !line.endsWith(' to'));
}

const archive = tar(
  { path: 'd/', type: 'directory', mode: 0o750, uid: 5, gid: 6 },
  { path: 'd/f', type: 'file', mode: 0o4755, uid: 7, gid: 8, content: 'x' },
  { path: 'd/h', type: 'hardlink', linkTarget: 'd/f' },
  { path: 'd/l', type: 'symlink', linkTarget: '/etc/passwd' },
);
const unpacked = [
  'd 750 5:6 to/d',
  'f 4755 7:8 to/d/f : x',
  'f 4755 7:8 to/d/h : x',
  'l 777 0:0 to/d/l -> /etc/passwd',
];

test('ADD unpacks archives of all forms by their content, with their owners', async () => {
  const context = folder();
  const byProgram = (program: string) => execFileSync(program, ['-c'], { input: archive });
  const forms = {
    plain: archive,
    gzip: gzipSync(archive),
    zstd: zstdCompressSync(archive),
    xz: byProgram('xz'),
    bzip2: byProgram('bzip2'),
  };
  for (const [name, bytes] of Object.entries(forms)) {
    writeFileSync(join(context, `${name}.txt`), bytes);
    assert.equal(await added(context, [`${name}.txt`]), unpacked, name);
  }
  assert.equal(
    (await added(context, ['gzip.txt'], { unpack: false })).map((line) =>
      line.split(' ').slice(0, 4).join(' '),
    ),
    ['f 644 0:0 to/gzip.txt'],
  );
});

test('ADD copies what only looks like an archive', async () => {
  const context = folder('a.tar: no archive', 'b.tar.gz: \x1f\x8b neither');
  writeFileSync(join(context, 'c.gz'), gzipSync('text'));
  writeFileSync(join(context, 'zeros.tar'), Buffer.alloc(4096));
  assert.equal(
    (await added(context, ['a.tar', 'b.tar.gz', 'c.gz', 'zeros.tar'])).map((line) => line.split(' ')[3]),
    ['to/a.tar', 'to/b.tar.gz', 'to/c.gz', 'to/zeros.tar'],
  );
});

test('an archive of ADD takes the place of what is there, and cannot escape', async () => {
  const context = folder();
  writeFileSync(join(context, 'good.tar'), archive);
  assert.equal(await added(context, ['good.tar'], {}, 'mkdir -p to/d/f/deep; : > to/stays'), [
    ...unpacked,
    'f 644 0:0 to/stays : ',
  ]);
  const hostile: Record<string, Parameters<typeof tar>> = {
    dots: [{ path: '../../escaped', type: 'file', content: 'x' }],
    link: [
      { path: 'out', type: 'symlink', linkTarget: '../../../..' },
      { path: 'out/escaped', type: 'file', content: 'x' },
    ],
    hard: [{ path: 'hard', type: 'hardlink', linkTarget: '../../etc/passwd' }],
  };
  for (const [name, items] of Object.entries(hostile)) {
    writeFileSync(join(context, `${name}.tar`), tar(...items));
    const root = await rootOf();
    const selection = await add(context, [`${name}.tar`]);
    const { code, why } = await refusal(copyTo(root, selection, { destination: '/to/' }));
    assert.is(code, 'invalid', name);
    assert.match(why!, /climbs above the root/);
    assert.is(
      (await tree(root)).some((line) => line.includes('escaped')),
      false,
      name,
    );
  }
});

test('a link of the root in the way of an archive leads below the root', async () => {
  const context = folder();
  writeFileSync(join(context, 'a.tar'), tar({ path: 'in/f', type: 'file', content: 'x' }));
  const lines = await added(context, ['a.tar'], {}, 'mkdir to there; ln -s ../../../../there to/in');
  assert.ok(lines.includes('f 644 0:0 there/f : x'), lines.join('\n'));
});

const body = Buffer.from('downloaded');
const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;

async function serving<T>(use: (address: string, seen: string[]) => Promise<T>): Promise<T> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? '-'}`);
    const path = request.url!.split('?')[0];
    if (path === '/missing') response.writeHead(404).end('no');
    else if (path === '/named')
      response.writeHead(200, { 'content-disposition': 'attachment; filename="na me.txt"' }).end(body);
    else if (path === '/evil')
      response.writeHead(200, { 'content-disposition': 'attachment; filename="../../evil"' }).end(body);
    else if (path === '/cut') {
      response.writeHead(200, { 'content-length': '100' });
      response.write(body);
      setTimeout(() => response.destroy(), 50);
    } else if (path === '/silent') response.writeHead(200, { 'content-length': '100' }).write(body);
    else if (path === '/archive') response.end(gzipSync(archive));
    else response.writeHead(200, { 'last-modified': 'Sun, 09 Sep 2001 01:46:40 GMT' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('ADD of an address: its name, mode 600, its time, archives as they are', () =>
  serving(async (address) => {
    const root = await rootOf();
    const context = folder();
    await copyTo(root, await add(context, [`${address}/dir/f%20x.bin?query=1`]), { destination: '/to/' });
    await copyTo(root, await add(context, [`${address}/f`]), { destination: '/file', chmod: '640' });
    await copyTo(root, await add(context, [`${address}/named`]), { destination: '/to/' });
    await copyTo(root, await add(context, [`${address}/evil`]), { destination: '/to/' });
    await copyTo(root, await add(context, [`${address}/archive`], { unpack: true }), { destination: '/un/' });
    assert.equal(
      (await tree(root, true)).map((line) => line.replace(/\.0+ /, ' ')).filter((line) => /^f/.test(line)),
      [
        'f 640 0:0 1000000000 file : downloaded',
        'f 600 0:0 0 to/evil : downloaded',
        'f 600 0:0 1000000000 to/f x.bin : downloaded',
        'f 600 0:0 0 to/na me.txt : downloaded',
        'f 4755 7:8 0 un/d/f : x',
        'f 4755 7:8 0 un/d/h : x',
      ],
    );
    const error = await refusal(copyTo(root, await add(context, [`${address}/`]), { destination: '/to/' }));
    assert.is(error.why, 'what is added has no name of its own');
  }));

test('ADD --checksum, a server that says no, one that breaks off, and one that falls silent', () =>
  serving(async (address, seen) => {
    const context = folder();
    await add(context, [`${address.replace('://', '://me:se%40cret@')}/f`], { checksum: digest });
    assert.is(seen[0], `GET /f Basic ${Buffer.from('me:se@cret').toString('base64')}`);
    const failure = async (path: string, checksum?: string) => {
      const { code, message, why } = await refusal(add(context, [`${address}${path}`], { checksum }));
      return `${code}: ${message}: ${why}`;
    };
    const wrong = `sha256:${'0'.repeat(64)}`;
    assert.is(
      await failure('/f?token=secret', wrong),
      `invalid: cannot add ${address}/f: it has the digest ${digest}, not ${wrong}`,
    );
    assert.is(await failure('/missing'), `not-found: cannot fetch ${address}/missing: the answer is 404`);
    assert.is(await failure('/cut'), `network: cannot fetch ${address}/cut: the connection was cut`);
    assert.match(await failure('/silent'), /^network: cannot fetch .*: it was silent for 1 s while sending$/);
    const local = await refusal(add(folder('f: x'), ['f'], { checksum: digest }));
    assert.is(local.message, 'cannot check the sum of f');
  }));

const git = (directory: string, ...words: string[]): void =>
  void execFileSync('git', ['-c', 'user.name=T', '-c', 'user.email=t@example.org', ...words], {
    cwd: directory,
    env: { ...environment, GIT_CONFIG_GLOBAL: '/dev/null' } as NodeJS.ProcessEnv,
    stdio: 'pipe',
  });

function repository(...files: string[]): string {
  const directory = folder(...files);
  git(directory, 'init', '-q', '-b', 'main');
  git(directory, 'add', '.');
  git(directory, 'commit', '-qm', 'one');
  return directory;
}

const failure = async (text: string): Promise<string> => {
  const { code, message, why } = await refusal(add(folder('f: x'), [text]));
  return `${code}: ${message}: ${why}`;
};

test('ADD of a repository: branches, tags, commits, directories', async () => {
  const directory = repository('f: one', 'sub/g: two', 'run.sh: #!/bin/sh');
  git(directory, 'tag', 'v1');
  chmodSync(join(directory, 'run.sh'), 0o700);
  writeFileSync(join(directory, 'f'), 'later');
  git(directory, 'commit', '-qam', 'two');
  git(directory, 'config', 'uploadpack.allowAnySHA1InWant', 'false');
  const server = await serveGit(directory);
  try {
    const context = folder();
    const url = `${server.address}/.git`;
    assert.equal(await added(context, [url]), [
      'f 644 0:0 to/f : later',
      'f 755 0:0 to/run.sh : #!/bin/sh',
      'd 755 0:0 to/sub',
      'f 644 0:0 to/sub/g : two',
    ]);
    assert.equal(await added(context, [`${url}#v1:sub`]), ['f 644 0:0 to/g : two']);
    const commit = readFileSync(join(directory, '.git/refs/tags/v1'), 'utf8').trim();
    assert.equal((await added(context, [`${url}#${commit}`]))[0], 'f 644 0:0 to/f : one');
    const kept = await added(context, [`${url}#main`], { keepGitDir: true });
    assert.ok(kept.includes('d 755 0:0 to/.git'), kept.join('\n'));
    assert.is(
      await failure(`${url}#none`),
      `not-found: cannot get ${url}#none: couldn't find remote ref none`,
    );
    assert.is(
      await failure(`${url}#main:../..`),
      'not-found: cannot use ../.. of the repository: it is outside of the repository',
    );
    assert.match(await failure(`${url}#--upload-pack=x`), /^usage: cannot use the git reference/);
    assert.match(await failure(`${server.address}/none.git`), /^not-found: cannot get http.*\/none.git: /);
  } finally {
    server.stop();
  }
});

test('ADD reaches no repository of this machine, and none by the keys of a user who does not say --ssh', async () => {
  const mine = `file://${repository('f: mine')}/.git`;
  assert.is(
    await failure(mine),
    `denied: cannot get ${mine}: a Dockerfile reaches no repository of this machine`,
  );
  for (const url of ['git@localhost:a.git', 'ssh://git@localhost:1/a.git', 'git+ssh://localhost:1/a.git'])
    assert.match(await failure(url), /^denied: cannot get .*: it would use your ssh keys$/);
});

test('credentials of a repository: .git has none, nor that of a submodule; those of .netrc are for none', async () => {
  const home = folder();
  const theirs = repository('f: theirs');
  const directory = repository('f: top');
  const other = await serveGit(theirs, 'netrc:own');
  const server = await serveGit(join(directory, '..'), 'user:sekret');
  const url = `${server.address.replace('://', '://user:sekret@')}/${basename(directory)}/.git`;
  const refer = (to: string): void => {
    writeFileSync(join(directory, '.gitmodules'), `[submodule "s"]\n\tpath = s\n\turl = ${to}\n`);
    git(directory, 'add', '.gitmodules', 's');
    git(directory, 'commit', '-qm', to);
  };
  try {
    git(directory, '-c', 'protocol.file.allow=always', 'clone', '-q', theirs, 's');
    refer(`../../${basename(theirs)}/.git`);
    const context = { ...parts, environment: { ...parts.environment, HOME: home } };
    const wish = { sources: [{ kind: 'path' as const, path: url }], exclude: [], keepGitDir: true };
    const root = await rootOf('');
    await copyTo(root, await addSources(contextOf(folder()), wish, context), { destination: '/to/' });
    const all = (await tree(root)).join('\n');
    assert.match(all, /^f 644 0:0 to\/s\/f : theirs$/m);
    assert.match(all, /^f \d+ 0:0 to\/.git\/modules\/s\/config : /m);
    assert.not.match(all, /sekret/);

    writeFileSync(join(home, '.netrc'), 'machine 127.0.0.1 login netrc password own\n');
    refer(`${other.address}/.git`);
    const { code } = await refusal(addSources(contextOf(folder()), wish, context));
    assert.is(code, 'network');
    assert.ok(other.requests.length > 0);
    assert.equal(new Set(other.requests), new Set(['GET /.git/info/refs -']));
  } finally {
    server.stop();
    other.stop();
  }
});

test.run();
