import { readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeVolume, volumeMounts } from '../../../../core/container/volumes.ts';
import { emptyPaths, refusal, temporary } from './fixtures.ts';

const paths = emptyPaths();
const none = { volume: [] as string[], tmpfs: [] as string[], device: [] as string[] };
const of = (more: Partial<typeof none>) => volumeMounts({ ...none, ...more }, paths);
const host = temporary();

test('a path of the host is bound with everything that is mounted in it', () => {
  assert.equal(of({ volume: [`${host}:/data`] }), {
    mounts: [{ destination: '/data', type: 'bind', source: host, options: ['rbind', 'rprivate'] }],
    volumes: [],
    hints: { '/data': `the mount was asked for by -v ${host}:/data` },
  });
});

test('options are taken, those without a meaning here are passed over', () => {
  const options = (text: string) => of({ volume: [`${host}:/data:${text}`] }).mounts[0]!.options;
  assert.equal(options('ro'), ['rbind', 'ro', 'rprivate']);
  assert.equal(options('bind,noexec,slave'), ['bind', 'noexec', 'slave']);
  assert.equal(options('rw,z,Z,cached,nocopy,,'), ['rbind', 'rprivate']);
});

test('a relative path is one of the host, beginning with a dot', () => {
  const [mount] = of({ volume: ['.:/data'] }).mounts;
  assert.is(mount!.source, process.cwd());
});

test('a name is a volume, which is made only when the container is', () => {
  const { mounts, volumes } = of({ volume: ['db:/var/lib/db:ro'] });
  assert.equal(mounts, [
    {
      destination: '/var/lib/db',
      type: 'bind',
      source: join(paths.volumes, 'db/_data'),
      options: ['rbind', 'ro', 'rprivate'],
    },
  ]);
  assert.equal(volumes, [{ name: 'db', destination: '/var/lib/db', anonymous: false }]);
  assert.throws(() => readdirSync(paths.volumes), /ENOENT/);
  makeVolume(paths, 'db');
  writeFileSync(join(paths.volumes, 'db/_data/x'), '');
  makeVolume(paths, 'db');
  assert.equal(readdirSync(join(paths.volumes, 'db/_data')), ['x']);
});

test('a path alone is a volume without a name', () => {
  const [one, two] = of({ volume: ['/a', '/b'] }).volumes;
  assert.match(one!.name, /^[0-9a-f]{64}$/);
  assert.ok(one!.anonymous && one!.name !== two!.name);
});

test('what is no volume is refused', () => {
  for (const volume of [
    '',
    ':',
    ':/a',
    `${host}:`,
    `${host}::ro`,
    'a:b:c:d',
    `${host}:relative`,
    `${host}:/data:nonsense`,
    `${host}:/`,
    `${host}://`,
    `${host}:/x/..`,
    `${host}:/../..`,
    'a/b:/x',
    '-x:/x',
    'ä:/x',
    'name',
  ])
    assert.match(
      refusal(() => of({ volume: [volume] })),
      /^usage: /,
      volume,
    );
  assert.is(
    refusal(() => of({ volume: ['/nonexistent/x:/x'] })),
    'not-found: cannot mount /nonexistent/x on /x: it does not exist',
  );
  const link = join(host, 'dangling');
  symlinkSync('/nonexistent', link);
  assert.match(
    refusal(() => of({ volume: [`${link}:/x`] })),
    /^not-found: /,
  );
});

test('a place in the container is clean', () => {
  assert.equal(of({ volume: [`${host}:/a/../b//c/`] }).mounts[0]!.destination, '/b/c');
});

test('a tmpfs is safe unless asked otherwise', () => {
  const options = (value: string) => of({ tmpfs: [value] }).mounts[0]!.options;
  assert.equal(options('/x'), ['nosuid', 'nodev', 'noexec', 'mode=1777']);
  assert.equal(options('/x:size=1m,exec,mode=700'), ['nosuid', 'nodev', 'size=1m', 'exec', 'mode=700']);
  assert.match(
    refusal(() => options('x')),
    /is not absolute$/,
  );
});

test('a device is bound from the host, read-only without w', () => {
  assert.equal(of({ device: ['/dev/null:/dev/zilch:r'] }).mounts, [
    {
      destination: '/dev/zilch',
      type: 'bind',
      source: '/dev/null',
      options: ['bind', 'rprivate', 'nosuid', 'noexec', 'ro'],
    },
  ]);
  assert.equal(of({ device: ['/dev/null'] }).mounts[0]!.destination, '/dev/null');
  for (const device of ['', 'null', '/dev/null:/x:rx', `${host}`, '/dev/null::'])
    assert.match(
      refusal(() => of({ device: [device] })),
      /^usage: cannot use --device/,
      device,
    );
  assert.match(
    refusal(() => of({ device: ['/dev/nonexistent'] })),
    /^not-found: no device \/dev\/nonexistent/,
  );
});

test('the outer mounts come before the inner ones, and two for one place are refused', () => {
  const { mounts } = of({ volume: [`${host}:/a/b/c`, `${host}:/a`], tmpfs: ['/a/b'] });
  assert.equal(
    mounts.map((mount) => mount.destination),
    ['/a', '/a/b', '/a/b/c'],
  );
  assert.is(
    refusal(() => of({ volume: [`${host}:/a`], tmpfs: ['/a/'] })),
    'usage: two mounts for /a',
  );
});

test.run();
