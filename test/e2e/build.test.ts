import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { command, eventually, limitEachTest, pod, podOk, sandbox, startPod, test } from './harness/index.ts';

limitEachTest(90);

/** A context of these files in the sandbox. */
function context(name: string, files: Record<string, string>): string {
  const directory = join(sandbox.work, 'contexts', name);
  for (const [path, text] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, 0o644);
  }
  return directory;
}

async function inspected(image: string, format: string): Promise<string> {
  return await podOk(['image', 'inspect', '--format', format, image]);
}

/** Builds and gives the id; what is told is compared where a test wants to. */
const build = async (...args: string[]): Promise<string> => await podOk(['build', '-q', ...args]);

test('an image has the files, the config and the history that its Dockerfile says', async () => {
  const folder = context('first', {
    Dockerfile: `FROM builtin:busybox
LABEL one=1 two="two words"
ENV GREETING=hello
RUN echo "$GREETING" >/greeting && mkdir -p /d/e && chmod 700 /d
WORKDIR /app/deep
COPY a.txt b/ ./
RUN rm /d/e -r && pwd >where
EXPOSE 80 53/udp
VOLUME /data
USER 7:8
STOPSIGNAL SIGINT
HEALTHCHECK --interval=3s CMD true
ENTRYPOINT ["cat"]
CMD ["where", "/greeting", "a.txt", "c.txt"]
`,
    'a.txt': 'a\n',
    'b/c.txt': 'c\n',
  });
  const id = await build('-t', 'first', folder);
  assert.match(id, /^sha256:[0-9a-f]{64}$/);
  assert.equal(await podOk(['run', '--rm', '--network', 'none', 'first']), '/app/deep\nhello\na\nc');
  assert.equal(JSON.parse(await inspected('first', '{{json .Config}}')), {
    User: '7:8',
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'GREETING=hello'],
    Entrypoint: ['cat'],
    Cmd: ['where', '/greeting', 'a.txt', 'c.txt'],
    Volumes: { '/data': {} },
    WorkingDir: '/app/deep',
    Labels: { one: '1', two: 'two words' },
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 3_000_000_000 },
  });
  const history = await podOk(['history', '--no-trunc', '--format', '{{.CreatedBy}}', 'first']);
  assert.equal(history.split('\n').slice(0, 13), [
    'CMD ["where","/greeting","a.txt","c.txt"]',
    'ENTRYPOINT ["cat"]',
    'HEALTHCHECK {"Test":["CMD-SHELL","true"],"Interval":3000000000}',
    'STOPSIGNAL SIGINT',
    'USER 7:8',
    'VOLUME [/data]',
    'EXPOSE [80/tcp 53/udp]',
    'RUN /bin/sh -c rm /d/e -r && pwd >where # buildkit',
    'COPY a.txt b/ ./ # buildkit',
    'WORKDIR /app/deep',
    'RUN /bin/sh -c echo "$GREETING" >/greeting && mkdir -p /d/e && chmod 700 /d # buildkit',
    'ENV GREETING=hello',
    'LABEL one=1 two=two words',
  ]);
});

test('the same again comes from the cache and is the same image; a changed file makes what follows it anew', async () => {
  const files = {
    Dockerfile:
      'FROM builtin:busybox\nRUN cat /proc/sys/kernel/random/uuid >/one\nCOPY f /f\nRUN cat /proc/sys/kernel/random/uuid >/two\n',
    f: 'one',
  };
  const first = await build(context('cached', files));
  assert.is(await build(context('cached', files)), first);
  const changed = await build(context('cached', { ...files, f: 'two' }));
  const read = (image: string, path: string) =>
    podOk(['run', '--rm', '--network', 'none', image, 'cat', path]);
  assert.is(await read(changed, '/one'), await read(first, '/one'));
  assert.is.not(await read(changed, '/two'), await read(first, '/two'));
  const anew = await build('--no-cache', context('cached', files));
  assert.is.not(await read(anew, '/one'), await read(first, '/one'));
});

test('a directory that a layer makes hides nothing of another base that has it too', async () => {
  const folder = context('opaque', {
    Dockerfile: `FROM builtin:busybox AS other
RUN mkdir /d && echo other >/d/other
FROM builtin:busybox AS plain
COPY d /d
FROM other
COPY d /d
`,
    'd/f': 'f',
  });
  await build('--target', 'plain', folder);
  const image = await build(folder);
  assert.is(await podOk(['run', '--rm', '--network', 'none', image, 'ls', '/d']), 'f\nother');
});

test('stages that nobody needs are not built; those that are can be copied from', async () => {
  const folder = context('stages', {
    Dockerfile: `FROM builtin:busybox AS unneeded
RUN false
FROM builtin:busybox AS maker
RUN mkdir -p /out/bin && echo made >/out/bin/thing && chmod 751 /out/bin/thing && chown 3:4 /out/bin/thing
FROM scratch AS files
COPY --from=maker /out /
FROM builtin:busybox
COPY --from=files /bin/thing /thing
COPY --from=1 /out/bin /again/
RUN stat -c '%a %u:%g' /thing /again/thing >/stat
`,
  });
  const image = await build(folder);
  assert.is(
    await podOk(['run', '--rm', '--network', 'none', image, 'cat', '/thing', '/stat']),
    'made\n751 3:4\n751 3:4',
  );
});

test('RUN has its mounts, and nothing of them is in the image', async () => {
  const folder = context('mounts', {
    Dockerfile: `FROM builtin:busybox AS maker
RUN mkdir /tree && echo tree >/tree/f
FROM builtin:busybox
RUN --mount=type=bind,target=/context cat /context/f >/a && ! touch /context/g
RUN --mount=type=bind,from=maker,source=/tree,target=/tree,rw cat /tree/f >>/a && touch /tree/g
RUN --mount=type=secret,id=token --mount=type=secret,id=other,env=OTHER \\
  wc -c </run/secrets/token >>/a && expr length "$OTHER" = 11 >/dev/null
RUN --mount=type=cache,target=/cache echo x >>/cache/n && wc -l </cache/n >>/a
RUN --mount=type=tmpfs,target=/scratch touch /scratch/f
RUN --mount=type=cache,target=/cache echo x >>/cache/n && wc -l </cache/n >>/a
RUN --network=none ip -o link | wc -l >>/a
RUN <<END
#!/bin/sh
echo "$0" >>/a
END
`,
    f: 'file\n',
    token: 'a-secret\n',
  });
  const ran = await pod(
    ['build', '-q', '--secret', 'id=token,src=token', '--secret', 'id=other,env=OTHER_SECRET', folder],
    {
      cwd: folder,
      env: { OTHER_SECRET: 'very-hidden' },
    },
  );
  assert.equal([ran.code, ran.stderr], [0, '']);
  const image = ran.stdout.trim();
  const found = await podOk(['run', '--rm', '--network', 'none', image, 'sh', '-c', 'cat /a; ls -d /[a-z]*']);
  assert.equal(found.split('\n'), [
    ...['file', 'tree', '9', '1', '2', '1', '/dev/pipes/END'],
    ...['/a', '/bin', '/dev', '/etc', '/home', '/proc', '/root', '/run', '/sys', '/tmp', '/usr', '/var'],
  ]);
  const { stdout } = await command(['grep', '-rlE', 'a-secret|very-hidden', sandbox.data]);
  assert.is(stdout, '');
});

test('a command that fails is told with its line, and its files can be looked at', async () => {
  const folder = context('failing', {
    Dockerfile:
      'FROM builtin:busybox\nRUN echo before >/before\n\nRUN echo out; echo err >&2; exit 9\nRUN true\n',
  });
  const ran = await pod(['build', '--progress', 'plain', folder]);
  assert.equal([ran.code, ran.stdout], [1, '']);
  assert.match(ran.stderr, /^#4 [\d.]+ out$/m);
  assert.match(ran.stderr, /^#4 [\d.]+ err$/m);
  assert.match(
    ran.stderr,
    `Dockerfile:4
--------------------
   2 |     RUN echo before >/before
   3 |
   4 | >>> RUN echo out; echo err >&2; exit 9
   5 |     RUN true
--------------------
Error: process "/bin/sh -c echo out; echo err >&2; exit 9" did not complete successfully: exit code: 9
tsc-pod run --rm -it --entrypoint /bin/sh `,
  );
  const [, id = ''] = /--entrypoint \/bin\/sh ([0-9a-f]{12}) /.exec(ran.stderr) ?? [];
  assert.is(
    await podOk(['run', '--rm', '--network', 'none', '--entrypoint', '/bin/cat', id, '/before']),
    'before',
  );
});

test('one time for all gives one digest, on any machine and in any store', async () => {
  const folder = context('reproducible', {
    Dockerfile: 'FROM scratch\nCOPY --chmod=644 . /files/\nWORKDIR /work\nLABEL a=b\n',
    'x/y': 'y',
    z: 'z',
  });
  const id = await build('--no-cache', '--source-date-epoch', '1700000000', folder);
  assert.is(id, await build('--no-cache', '--source-date-epoch', '1700000000', folder));
  assert.match(await inspected(id, '{{.Created}}'), /^2023-11-14T22:13:20/);
});

test('--squash makes the layers of the build one, --squash-all all of them', async () => {
  const folder = context('squash', {
    Dockerfile: 'FROM builtin:busybox\nRUN echo a >/a && echo b >/b\nRUN rm /a /bin/vi && echo c >/c\n',
  });
  const plain = Number(await inspected('builtin:busybox', '{{len .RootFS.Layers}}'));
  for (const [flag, layers] of [
    ['--squash', plain + 1],
    ['--layers=false', plain + 1],
    ['--squash-all', 1],
  ] as const) {
    const image = await build(flag, folder);
    assert.is(await inspected(image, '{{len .RootFS.Layers}}'), String(layers), flag);
    const seen = await podOk(['run', '--rm', '--network', 'none', image, 'ls', '-d', '/b', '/c', '/bin/sh']);
    assert.is(seen, '/b\n/bin/sh\n/c', flag);
    assert.is((await pod(['run', '--rm', '--network', 'none', image, 'ls', '/a', '/bin/vi'])).code, 1, flag);
  }
});

for (const [signal, code] of [
  ['SIGKILL', null],
  ['SIGINT', 130],
] as const) {
  test(`${signal} ends what runs, and the next build goes on behind the last step that was done`, async () => {
    const seconds = `9${signal.length}${process.pid}`;
    const files = {
      Dockerfile: `FROM builtin:busybox\nRUN echo ${signal} >/one\nCOPY seconds /\nRUN sleep "$(cat /seconds)"\n`,
      seconds,
    };
    const args = ['build', '--progress', 'plain', '--network', 'none'];
    const child = startPod([...args, context(signal, files)]);
    const sleeps = async () => (await command(['pgrep', '-f', `^sleep ${seconds}$`])).code === 0;
    await eventually(sleeps);
    const ended = new Promise((resolve) => child.once('exit', (status) => resolve(status)));
    child.kill(signal);
    assert.is(await ended, code);
    await eventually(async () => !(await sleeps()));
    const again = await pod([...args, context(signal, { ...files, seconds: '0' })]);
    assert.is(again.code, 0, again.stderr);
    assert.match(again.stderr, `RUN echo ${signal} >/one\n#3 CACHED\n`);
    await eventually(() => readdirSync(join(sandbox.data, 'builds')).length === 0);
    assert.is(await podOk(['system', 'check']), '');
  });
}

test('nothing is left of builds', () => {
  const data = sandbox.data;
  assert.equal(readdirSync(join(data, 'builds')), []);
  assert.equal(readdirSync(join(data, 'partial')), []);
  assert.equal(readFileSync(join(data, 'images/oci-layout'), 'utf8'), '{"imageLayoutVersion":"1.0.0"}');
});

test.run();
