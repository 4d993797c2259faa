/** COPY between stages, and what the cache makes of changed files, with the built binary. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { failure, files } from './build-lab.ts';
import { folder } from './copy-lab.ts';
import { pod, sandbox, test } from './harness/index.ts';

test('COPY --from keeps owners, modes, times and attributes, and finds what links lead to', async () => {
  const dockerfile = [
    'FROM builtin:busybox AS one',
    'RUN mkdir -p /d/in && echo x > /d/in/f && chown 5:6 /d/in/f && chmod 4711 /d/in/f && touch -d @1000000000 /d/in/f',
    'RUN ln /d/in/f /d/h && ln -s /d/in /l && mkdir -m 700 /d/closed && echo y > /d/closed/g && chown -R 9:9 /d/closed',
    'RUN echo gone > /d/gone && mkdir /e && echo old > /e/old',
    'RUN rm -r /d/gone /e && mkdir /e && echo new > /e/new',
    'FROM scratch',
    'COPY --from=one /l /from-link',
    'COPY --from=0 /d /d',
    'COPY --from=one --chown=1:2 /d/closed/g /g',
    'COPY --from=one /d/i*/f* /w/',
    'COPY --from=one /e /e',
  ].join('\n');
  const context = folder(`Dockerfile: ${dockerfile}`);
  assert.equal(await files([context]), [
    'drwxr-xr-x 0/0 d/',
    'drwx------ 9/9 d/closed/',
    '-rw-r--r-- 9/9 d/closed/g',
    '-rws--x--x 5/6 d/h',
    'drwxr-xr-x 0/0 d/in/',
    'hrws--x--x 5/6 d/in/f link to d/h',
    'drwxr-xr-x 0/0 e/',
    '-rw-r--r-- 0/0 e/new',
    'drwxr-xr-x 0/0 from-link/',
    '-rws--x--x 5/6 from-link/f',
    '-rw-r--r-- 1/2 g',
    'drwxr-xr-x 0/0 w/',
    '-rws--x--x 5/6 w/f',
  ]);
  assert.match(
    await failure(['-f', '-', context], { input: `${dockerfile}\nCOPY --from=one /none /\n` }),
    /cannot copy \/none: stage one has no none/,
  );
});

test('a changed file is copied anew, a touched one is not', async () => {
  const context = folder('Dockerfile: FROM builtin:busybox\nCOPY f /f\nRUN cat /f\n', 'f: one');
  const run = async () => (await pod(['build', '--progress', 'plain', context])).stderr;
  assert.match(await run(), / one\n/);
  execFileSync('touch', [join(context, 'f')]);
  assert.match(await run(), /COPY f \/f\n#\d+ CACHED/);
  writeFileSync(join(context, 'f'), 'two');
  assert.match(await run(), / two\n/);
});

test('the destination is what the overlay shows: opaque directories, and names that are no ASCII', async () => {
  const context = folder('f: x');
  const input = [
    'FROM builtin:busybox AS one',
    'RUN mkdir -p /d/sub /d/é && echo y > /d/é/ü',
    'RUN rm -r /d/sub && mkdir -p /keep && rm -r /keep',
    'FROM one AS two',
    'RUN mkdir -p /o/sub',
    'RUN rm -r /o && mkdir /o',
    'COPY f /o/sub',
    'COPY f /d/é/',
    'FROM scratch',
    'COPY --from=two /o /o',
    'COPY --from=two /d/é /é',
  ].join('\n');
  assert.equal(await files(['-f', '-', context], { input }), [
    'drwxr-xr-x 0/0 o/',
    '-rw-r--r-- 0/0 o/sub',
    'drwxr-xr-x 0/0 é/',
    '-rw-r--r-- 0/0 é/f',
    '-rw-r--r-- 0/0 é/ü',
  ]);
});

test('what was taken of layers is known the next time, and found anew where files are written', async () => {
  const lines = [
    'FROM builtin:busybox AS one',
    'RUN mkdir /d && echo 1 >/d/f',
    'FROM scratch',
    'COPY --from=one /d /d',
  ];
  const context = folder(`Dockerfile: ${lines.join('\n')}\n`);
  const told = async () => (await pod(['build', '--progress', 'plain', '--network', 'none', context])).stderr;
  const memories = join(sandbox.data, 'cache/contexts');
  const all = () => readdirSync(memories).filter((name) => name.startsWith('selection-'));
  const before = all();
  await told();
  const [own, ...others] = all().filter((name) => !before.includes(name));
  assert.equal(others, []);
  const memory = join(memories, own!);
  const { several } = JSON.parse(readFileSync(memory, 'utf8'));
  writeFileSync(memory, JSON.stringify({ hash: '0'.repeat(64), several }));
  // Believed, as layers never change: another key, and the same layer.
  assert.match(await told(), /COPY --from=one \/d \/d\n#\d+ DONE/);
  writeFileSync(memory, 'damaged');
  assert.match(await told(), /COPY --from=one \/d \/d\n#\d+ CACHED/);
});

test('an image that several instructions take files of is obtained once', async () => {
  const input = [
    'FROM scratch',
    'COPY --from=builtin:busybox /bin/sh /a',
    'COPY --from=builtin:busybox /bin/sh /b',
  ];
  const { code, stderr } = await pod(['build', '--progress', 'plain', '--pull=always', '-'], {
    input: `${input.join('\n')}\n`,
  });
  assert.is(code, 0, stderr);
  assert.is(stderr.match(/^#\d+ \[internal\] load builtin:busybox$/gm)?.length, 1, stderr);
});

test.run();
