import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { createTarParser } from '../../core/archive/tar-parser.ts';
import { BUSYBOX, ended } from './container-lab.ts';
import { command, pod, podBytes, podOk, sandbox, tarOf, test } from './harness/index.ts';

const drivers = ['overlay', 'fuse-overlayfs', 'copy'];
const flags = (driver: string) => ['--network', 'none', '--storage-driver', driver];

const FIRST = `
mkdir -p /t/gone/deep /t/emptied/sub /t/dir-to-file/x /t/kept /t/closed
echo a >/t/gone/deep/f; echo b >/t/emptied/old; echo c >/t/emptied/sub/old; echo d >/t/file-to-dir; echo e >/t/changed
echo f >/t/linked; ln /t/linked /t/linked2; echo g >/t/same; echo h >/t/closed/f; chmod 700 /t/closed; chown 5:6 /t/closed
`;
const SECOND = `
rm -r /t/gone; rm -r /t/emptied; mkdir -p /t/emptied/sub; echo new >/t/emptied/sub/new
rm -r /t/dir-to-file; echo file >/t/dir-to-file; rm /t/file-to-dir; mkdir /t/file-to-dir; echo in >/t/file-to-dir/in
echo more >>/t/changed; ln /t/linked /t/linked3; chmod 4711 /t/same; chown 1:2 /t/same; ln -s same /t/sym; mkfifo /t/fifo
echo x >/t/closed/g; touch -d '2001-02-03 04:05:06' /t/changed; mkdir /t/new; echo h1 >/t/new/h1; ln /t/new/h1 /t/h2
ln -s gone /t/s1; ln /t/s1 /t/s2; printf x | dd of=/t/sparse bs=1 seek=1000000 2>/dev/null
`;

/** CAP_NET_RAW, effective: linux/capability.h, revision 2. */
const CAPABILITY = Buffer.from('0100000200200000000000000000000000000000', 'hex');

/** All that an archive says, but for what a start touches. */
function listing(tar: Buffer): string[] {
  const lines: string[] = [];
  let data = '';
  const parser = createTarParser({
    entry: (e) => {
      const xattrs = [...e.xattrs]
        .map(([name, value]) => `${name}=${Buffer.from(value).toString('hex')}`)
        .sort();
      const time = e.type === 'hardlink' ? '' : `${e.mtime.seconds}.${e.mtime.nanoseconds}`;
      data = `${e.path} ${e.type} ${e.linkTarget} ${e.size} ${e.mode.toString(8)} ${e.uid}:${e.gid} ${time} ${xattrs}`;
      lines.push(data);
    },
    data: (bytes) => lines.push(`${lines.pop()} ${bytes.toString()}`),
    hole: (length) => lines.push(`${lines.pop()} hole ${length}`),
  });
  parser.write(tar);
  parser.end();
  return lines.filter((line) => !/^(?:etc|run|dev|proc|sys|bin)\//.test(line));
}

async function exported(name: string): Promise<string[]> {
  const ran = await podBytes(['export', name]);
  assert.equal([ran.code, ran.stderr.toString()], [0, '']);
  return listing(ran.stdout);
}

for (const driver of drivers) {
  const name = driver.slice(0, 4);

  test(`${driver}: an image has the very files of its container, over two commits`, async () => {
    await podOk(['run', '--name', `one-${name}`, ...flags(driver), BUSYBOX, 'sh', '-c', FIRST]);
    const first = await podOk(['commit', `one-${name}`, `first-${name}`]);
    assert.match(first, /^[0-9a-f]{64}$/);
    await podOk(['run', '--name', `two-${name}`, ...flags(driver), `first-${name}`, 'sh', '-c', SECOND]);
    const capable = tarOf([
      {
        name: 'capable',
        content: 'x',
        pax: { 'SCHILY.xattr.security.capability': CAPABILITY, 'SCHILY.xattr.user.a': 'b' },
      },
    ]);
    assert.equal(await pod(['cp', '-', `two-${name}:/t`], { input: capable }), ended(0));
    await podOk(['commit', `two-${name}`, `second-${name}`]);
    // fuse-overlayfs shows a name that was copied up and those that were not as one file still.
    const comparable = (lines: string[]) => lines.filter((line) => !line.startsWith('t/linked'));
    const before = await exported(`two-${name}`);
    assert.ok(
      before.some((line) => line.includes(`security.capability=${CAPABILITY.toString('hex')},user.a=62`)),
    );
    for (const other of drivers) {
      await podOk(['run', '--name', `x-${name}-${other}`, ...flags(other), `second-${name}`, 'true']);
      assert.equal(comparable(await exported(`x-${name}-${other}`)), comparable(before), other);
      assert.equal(await pod(['diff', `x-${name}-${other}`]), ended(0), other);
    }
    const links = 'stat -c "%h" /t/linked /t/linked2 /t/linked3 /t/h2 /t/s1';
    const counted = await pod(['run', '--rm', ...flags(driver), `second-${name}`, 'sh', '-c', links]);
    // The kernel's overlay parts a name from its siblings below when it changes.
    if (driver === 'copy') assert.equal(counted, ended(0, '3\n3\n3\n2\n2\n'));
    else if (driver === 'overlay') assert.match(counted.stdout, /^\d\n\d\n\d\n2\n2\n$/);
  });

  test(`${driver}: diff tells what was added, changed and deleted`, async () => {
    const expected = [
      ...[
        'C /t',
        'C /t/changed',
        'C /t/closed',
        'A /t/closed/g',
        'C /t/dir-to-file',
        'C /t/emptied',
        'D /t/emptied/old',
      ],
      ...[
        'C /t/emptied/sub',
        'A /t/emptied/sub/new',
        'D /t/emptied/sub/old',
        'A /t/fifo',
        'C /t/file-to-dir',
      ],
      ...[
        'A /t/file-to-dir/in',
        'D /t/gone',
        'A /t/h2',
        'A /t/linked3',
        'A /t/new',
        'A /t/new/h1',
        'A /t/s1',
        'A /t/s2',
      ],
      ...['C /t/same', 'A /t/sparse', 'A /t/sym'],
    ];
    const { stdout } = await pod(['diff', `two-${name}`]);
    const shown = stdout.split('\n').filter((line) => !/capable|linked2?$|^$/.test(line));
    assert.equal(shown, expected);
    const json = JSON.parse(await podOk(['diff', '--format', 'json', `two-${name}`]));
    assert.equal(Object.keys(json), ['added', 'changed', 'deleted']);
    assert.equal(json.deleted, ['/t/emptied/old', '/t/emptied/sub/old', '/t/gone']);
  });

  test(`${driver}: a running container is committed, exported and compared`, async () => {
    const id = await podOk([
      'run',
      '-d',
      ...flags(driver),
      '-v',
      `vol-${name}:/data`,
      BUSYBOX,
      'sh',
      '-c',
      'echo v >/data/f; echo w >/w; sleep 1000',
    ]);
    await podOk(['exec', id, 'sh', '-c', 'until test -f /w; do :; done']);
    assert.equal(await pod(['diff', id]), ended(0, 'A /w\n'));
    const image = await podOk(['commit', '-q', id]);
    assert.is(await podOk(['inspect', '--format', '{{.State.Status}}', id]), 'running');
    assert.equal(
      await pod([
        'run',
        '--rm',
        ...flags(driver),
        image,
        'sh',
        '-c',
        'cat /w; ls /data; ls -A /proc | grep -c self',
      ]),
      ended(0, 'w\n2\n'),
    );
    const lines = await exported(id);
    assert.ok(
      lines.some((line) => line.startsWith('w file')) && !lines.some((line) => line.startsWith('data/f')),
    );
    await podOk(['rm', '-f', id]);
  });
}

test('what commit was asked for is in the config', async () => {
  await podOk([
    'run',
    '--name',
    'cfg',
    '--network',
    'none',
    '-e',
    'FROM_RUN=1',
    '-w',
    '/tmp',
    '-l',
    'l=1',
    '-u',
    '3',
    '-v',
    '/anon',
    BUSYBOX,
    'echo',
    'ran',
  ]);
  const changes = [
    'ENV A=b',
    'EXPOSE 80',
    'ENTRYPOINT ["/bin/echo"]',
    'CMD ["x"]',
    'STOPSIGNAL SIGINT',
    'VOLUME /vol',
    'HEALTHCHECK NONE',
    'ONBUILD RUN y',
  ];
  const image = await podOk([
    'commit',
    '-a',
    'me',
    '-m',
    'why',
    ...changes.flatMap((change) => ['-c', change]),
    '--iidfile',
    'iid',
    'cfg',
    'cfg:tag',
  ]);
  assert.is(readFileSync(join(sandbox.work, 'iid'), 'utf8'), image);
  const [shown] = JSON.parse(await podOk(['image', 'inspect', 'localhost/cfg:tag']));
  assert.equal(shown.RepoTags, ['localhost/cfg:tag']);
  assert.is(shown.Author, 'me');
  const { created, ...history } = shown.History.at(-1);
  assert.equal(history, { created_by: 'echo ran', author: 'me', comment: 'why' });
  assert.ok(Math.abs(Date.parse(created) - Date.now()) < 60_000);
  const { Env, ...config } = shown.Config;
  assert.equal(
    Env.filter((variable: string) => !variable.startsWith('PATH=')),
    ['FROM_RUN=1', 'A=b'],
  );
  assert.equal(config, {
    User: '3',
    ExposedPorts: { '80/tcp': {} },
    Entrypoint: ['/bin/echo'],
    Cmd: ['x'],
    Volumes: { '/anon': {}, '/vol': {} },
    WorkingDir: '/tmp',
    Labels: { l: '1' },
    StopSignal: 'SIGINT',
    Healthcheck: { Test: ['NONE'] },
    OnBuild: ['RUN y'],
  });
  assert.equal(await pod(['run', '--rm', '--network', 'none', 'cfg:tag']), ended(0, 'x\n'));
  const refused = await pod(['commit', '-c', 'RUN x', 'cfg']);
  assert.is(refused.code, 125);
  assert.match(refused.stderr, /^Error: cannot use --change "RUN x": it is no instruction/);
  assert.is((await pod(['commit', '--include-volumes', 'cfg'])).code, 125);
});

test('--squash makes one layer with everything', async () => {
  await podOk(['run', '--name', 'sq', '--network', 'none', BUSYBOX, 'sh', '-c', 'echo s >/s; rm /bin/ls']);
  const image = await podOk(['commit', '--squash', 'sq', 'squashed']);
  assert.is(
    await podOk(['image', 'inspect', '--format', '{{len .RootFS.Layers}} {{len .History}}', image]),
    '1 1',
  );
  assert.equal(
    await pod(['run', '--rm', '--network', 'none', image, 'sh', '-c', 'cat /s; test -e /bin/ls']),
    ended(1, 's\n'),
  );
});

test('skopeo, umoci and podman read what is made', async () => {
  for (const format of ['oci', 'docker']) {
    await podOk(['commit', '-f', format, 'two-over', `other-${format}`]);
    const source = `oci:${sandbox.data}/images:localhost/other-${format}:latest`;
    assert.equal(
      (
        await command(['skopeo', 'copy', '-q', source, `dir:${sandbox.work}/dir-${format}`], {
          timeout: 60_000,
        })
      ).code,
      0,
    );
  }
  const unpack = [
    'umoci',
    'unpack',
    '--rootless',
    '--image',
    `${sandbox.data}/images:localhost/other-oci:latest`,
    'bundle',
  ];
  assert.equal((await command(unpack)).code, 0);
  assert.is(readFileSync(join(sandbox.work, 'bundle/rootfs/t/changed'), 'utf8'), 'e\nmore\n');
  const archive = await podBytes(['export', 'two-over']);
  writeFileSync(join(sandbox.work, 'x.tar'), archive.stdout);
  assert.equal((await command(['tar', 'tf', 'x.tar'])).stderr, '');
});

test('export writes to a file, never to a terminal', async () => {
  assert.equal(await pod(['export', '-o', 'out.tar', 'two-copy']), ended(0));
  assert.equal(listing(readFileSync(join(sandbox.work, 'out.tar'))), await exported('two-copy'));
  const refused = await pod(['export', 'two-copy'], { tty: true });
  assert.is(refused.code, 125);
  assert.match(refused.stdout, /refused to write a tar archive to a terminal/);
  assert.match((await pod(['export', '-o', '/nonexistent/x', 'two-copy'])).stderr, /^Error: /);
});

test('sizes are those of the files that were written', async () => {
  await podOk([
    'run',
    '--name',
    'sized',
    '--network',
    'none',
    BUSYBOX,
    'sh',
    '-c',
    'head -c 123456 /dev/zero >/z',
  ]);
  const image = Number(await podOk(['image', 'inspect', '--format', '{{.Size}}', BUSYBOX]));
  assert.is(
    await podOk(['inspect', '-s', '--format', '{{.SizeRw}} {{.SizeRootFs}}', 'sized']),
    `123456 ${123456 + image}`,
  );
  assert.match(
    await podOk(['ps', '-as', '--filter', 'name=sized', '--noheading']),
    / 123kB \(virtual [\d.]+MB\)$/,
  );
  assert.is(
    await podOk(['ps', '-a', '--filter', 'name=sized', '--format', '{{.Size}}']).then((text) =>
      text.slice(0, 5),
    ),
    '123kB',
  );
});

test.run();
