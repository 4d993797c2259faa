import * as assert from 'uvu/assert';
import { ended, remains, run } from './container-lab.ts';
import {
  busyboxImage,
  busyboxLayer,
  limitEachTest,
  mirrorDockerHub,
  podOk,
  startRegistry,
  type TarEntry,
  test,
} from './harness/index.ts';

limitEachTest(120);
const drivers = ['overlay', 'fuse-overlayfs', 'copy'];

const first: TarEntry[] = [
  { name: 'gone', type: 'dir' },
  { name: 'gone/file', content: 'x' },
  { name: 'part', type: 'dir' },
  { name: 'part/out', content: 'x' },
  { name: 'part/stays', content: 'below' },
  { name: 'opaque', type: 'dir', mode: 0o711 },
  { name: 'opaque/old', content: 'x' },
  { name: 'to-file', type: 'dir' },
  { name: 'to-file/x', content: 'x' },
  { name: 'to-dir', content: 'x' },
  { name: 'owned', content: 'x', uid: 12, gid: 34, mode: 0o4750 },
  { name: 'hard', content: 'two names' },
  { name: 'hard2', type: 'link', target: 'hard' },
  { name: 'way', type: 'symlink', target: 'part' },
];
const second: TarEntry[] = [
  { name: '.wh.gone', content: '' },
  { name: 'part/.wh.out', content: '' },
  { name: 'opaque', type: 'dir', mode: 0o700 },
  { name: 'opaque/.wh..wh..opq', content: '' },
  { name: 'opaque/new', content: 'new' },
  { name: 'to-file', content: 'file' },
  { name: 'to-dir', type: 'dir' },
  { name: 'to-dir/in', content: 'in' },
];

test.before(async () => {
  const registry = await startRegistry();
  mirrorDockerHub(registry);
  await registry.push('library/layered:latest', busyboxImage({ layers: [busyboxLayer(), first, second] }));
  const many = Array.from({ length: 119 }, (_, n): TarEntry[] => [
    { name: `many/${n}`, content: `${n}` },
    { name: 'last', content: `${n}` },
  ]);
  await registry.push(
    'library/many:latest',
    busyboxImage({ layers: [busyboxLayer(), ...many], compression: 'none' }),
  );
  for (const name of ['layered', 'many']) await podOk(['pull', '-q', name]);
});

for (const driver of drivers) {
  const under = (...args: string[]) => run(['--storage-driver', driver, ...args]);

  test(`${driver}: layers lie over each other, with what the upper ones take away`, async () => {
    const script =
      'ls -d /gone /part/* /opaque/* /to-dir/* 2>/dev/null; cat /to-file; echo; stat -c "%u %g %a" /owned /opaque; cat /hard2; stat -c %h /hard; echo; cat /way/stays';
    assert.equal(
      await under('layered', 'sh', '-c', script),
      ended(0, '/opaque/new\n/part/stays\n/to-dir/in\nfile\n12 34 4750\n0 0 700\ntwo names2\n\nbelow'),
    );
  });

  test(`${driver}: what is written, removed and renamed stays in the container`, async () => {
    const script =
      'echo more >>/hard && rm -r /part /opaque && mkdir /opaque && ls -A /opaque && mv /to-dir /moved && cat /moved/in && chown 5:6 /owned && stat -c "%u:%g" /owned && ln /hard /hard3 && mkfifo /fifo && ln -s x /sym && touch -d "2001-02-03 04:05:06" /owned && stat -c %y /owned';
    const name = `changed-${driver}`;
    const flags = ['--name', name];
    assert.equal(
      await under(...flags, 'layered', 'sh', '-c', script),
      ended(0, 'in5:6\n2001-02-03 04:05:06.000000000 +0000\n'),
    );
    assert.equal(
      await under('layered', 'sh', '-c', 'cat /hard /part/stays /to-dir/in; stat -c %u /owned'),
      ended(0, 'two namesbelowin12\n'),
    );
  });

  test(`${driver}: an image of 120 layers`, async () => {
    assert.equal(
      await under('many', 'sh', '-c', 'cat /last; echo; ls /many | wc -l'),
      ended(0, '118\n119\n'),
    );
  });

  test(`${driver}: users, exec, volumes and detaching work as ever`, async () => {
    const id = await podOk([
      'run',
      '-d',
      '--storage-driver',
      driver,
      '--network',
      'none',
      '--user',
      'nobody',
      '-v',
      'shared:/v',
      '--tmpfs',
      '/t',
      '--read-only',
      'layered',
      'sleep',
      '1000',
    ]);
    assert.equal(await podOk(['inspect', '--format', '{{.GraphDriver.Name}}', id]), driver);
    assert.equal(
      await podOk([
        'exec',
        id,
        'sh',
        '-c',
        'id -un; touch /t/x && echo ok; touch /x 2>/dev/null || echo ro; mount | grep -c " / "',
      ]),
      'nobody\nok\nro\n1',
    );
    assert.equal(await podOk(['rm', '-f', id]), id);
    assert.equal(remains(), []);
  });

  test(`${driver}: owners under another id map`, async () => {
    const ran = await under('--userns', 'keep-id', '--user', '0', 'layered', 'stat', '-c', '%u %g', '/owned');
    if (driver !== 'overlay') assert.equal(ran, ended(0, '12 34\n'));
    else assert.match(ran.stderr, /^Error: cannot use the storage driver overlay: [^\n]*another id map\n/);
  });
}

test.run();
