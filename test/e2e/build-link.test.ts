/** COPY --link and ADD --link: layers that depend on nothing below them. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { files } from './build-lab.ts';
import { folder } from './copy-lab.ts';
import { limitEachTest, pod, podOk, test } from './harness/index.ts';

limitEachTest(90);

const BASE =
  'FROM builtin:busybox AS below\nRUN mkdir /real && ln -s real /link && echo old >/real/f && chmod 1777 /real\n';

const layers = async (image: string): Promise<string[]> =>
  JSON.parse(await podOk(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', image]));

/** What the image has at these paths, as `stat` says it. */
const look = (image: string, ...paths: string[]): Promise<string> =>
  podOk(['run', '--rm', '--network', 'none', image, 'stat', '-c', '%n %F %a %u:%g', ...paths]);

test('a link of the layers below is not followed: what has its name takes its place', async () => {
  const made = folder(
    `Dockerfile: ${BASE}FROM below AS plain\nCOPY x /link/\nFROM below\nCOPY --link x /link/\n`,
    'x: x',
  );
  const plain = await podOk(['build', '-q', '--target', 'plain', made]);
  assert.is(
    await look(plain, '/link', '/real/x'),
    '/link symbolic link 777 0:0\n/real/x regular file 644 0:0',
  );
  const linked = await podOk(['build', '-q', made]);
  assert.is(await look(linked, '/link', '/link/x'), '/link directory 755 0:0\n/link/x regular file 644 0:0');
  assert.is(await podOk(['run', '--rm', '--network', 'none', linked, 'ls', '/real']), 'f');
});

test('the layer is the same on any base, and comes from the cache when only the base changes', async () => {
  const text = `ARG ON=below\n${BASE}FROM below AS other\nRUN echo other >/other\nFROM $ON\nWORKDIR /w\nCOPY --link x y/\nCOPY x y/z\n`;
  const made = folder(`Dockerfile: ${text}`, 'x: x');
  const first = await podOk(['build', '-q', made]);
  const { code, stderr } = await pod([
    'build',
    '--progress',
    'plain',
    '-t',
    'rebased',
    '--build-arg',
    'ON=other',
    made,
  ]);
  assert.is(code, 0);
  assert.match(stderr, /COPY --link x y\/\n#\d+ CACHED\n/);
  assert.not.match(stderr, /COPY x y\/z\n#\d+ CACHED\n/);
  const [before, after] = [await layers(first), await layers('rebased')];
  assert.is(after.at(-2), before.at(-2));
  assert.is(
    await look('rebased', '/w/y/x', '/w/y/z', '/other'),
    ['/w/y/x', '/w/y/z', '/other'].map((path) => `${path} regular file 644 0:0`).join('\n'),
  );
});

test('directories on the way are made as over nothing, with the owner that was asked for', async () => {
  const made = folder(
    `Dockerfile: ${BASE}RUN echo 'bob:x:77:88::/:/bin/sh' >>/etc/passwd\nCOPY --link --chown=bob x /real/x\nCOPY --link --chmod=600 x /new/x\n`,
    'x: x',
  );
  const image = await podOk(['build', '-q', made]);
  assert.equal((await look(image, '/real', '/real/x', '/real/f', '/new', '/new/x')).split('\n'), [
    '/real directory 755 77:88',
    '/real/x regular file 644 77:88',
    '/real/f regular file 644 0:0',
    '/new directory 755 0:0',
    '/new/x regular file 600 0:0',
  ]);
});

test('ADD --link unpacks an archive; over nothing it is what it is without --link', async () => {
  const made = folder(
    'Dockerfile: FROM scratch\nADD --link a.tar /in/\nCOPY --link d /d\nCOPY <<E /e\ne\nE\n',
    'd/f: f',
    't/u: u',
  );
  execFileSync('tar', ['cf', join(made, 'a.tar'), '-C', made, 't', '--owner=0', '--group=0']);
  const linked = await files([made]);
  assert.equal(
    linked.map((line) => line.split(' ').at(-1)),
    ['d/', 'd/f', 'e', 'in/', 'in/t/', 'in/t/u'],
  );
  const plain = folder('Dockerfile: FROM scratch\nADD a.tar /in/\nCOPY d /d\nCOPY <<E /e\ne\nE\n', 'd/f: f');
  execFileSync('cp', [join(made, 'a.tar'), plain]);
  assert.equal(await files([plain]), linked);
});

test.run();
