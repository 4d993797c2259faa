import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type MountContext,
  type MountFlags,
  userMounts,
} from '../../../../../core/container/mounts/user-mounts.ts';
import { makeVolume } from '../../../../../core/volume/store.ts';
import { emptyPaths, recordOf, refusal, specOf, temporary } from '../fixtures.ts';

const paths = emptyPaths();
const none: MountFlags = {
  ...{ volume: [], mount: [], tmpfs: [], device: [], volumesFrom: [] },
  ...{ imageVolume: 'anonymous', readOnly: false, readOnlyTmpfs: true },
};
const said: string[] = [];
const own = { container: 0, host: process.getuid!(), size: 1 };
const { maps } = recordOf('a'.repeat(64), {
  maps: { uid: [own], gid: [own], oneIdOnly: true, helpers: undefined },
});
const context: MountContext = {
  paths,
  directory: '/containers/c',
  imageVolumes: undefined,
  user: { uid: 7, gid: 8 },
  maps,
  defaults: maps,
  notice: (line) => said.push(line),
  dryRun: false,
};
const of = (more: Partial<MountFlags>, where: Partial<MountContext> = {}) =>
  userMounts({ ...none, ...more }, { ...context, ...where });
const host = temporary();

test('a path of the host is bound with everything that is mounted in it', () => {
  assert.equal(of({ volume: [`${host}:/data`] }), {
    mounts: [{ destination: '/data', type: 'bind', source: host, options: ['rbind', 'rprivate'] }],
    ...{ volumes: [], overlays: [], wanted: [], chown: [] },
    shown: ['/data'],
    hints: { '/data': `the mount was asked for by -v ${host}:/data` },
  });
});

test('options are taken, those without a meaning here are passed over', () => {
  const options = (text: string) => of({ volume: [`${host}:/data:${text}`] }).mounts[0]!.options;
  assert.equal(options('ro'), ['rbind', 'ro', 'rprivate']);
  assert.equal(options('bind,noexec,rprivate'), ['bind', 'noexec', 'rprivate']);
  assert.equal(options('rw,z,Z,cached,copy,,'), ['rbind', 'rprivate']);
});

test('a relative path is one of the host, beginning with a dot', () => {
  const [mount] = of({ volume: ['.:/data'] }).mounts;
  assert.is(mount!.source, process.cwd());
});

test('a name is a volume, which is made only when the container is', () => {
  const { mounts, volumes, wanted } = of({ volume: ['db:/var/lib/db:ro'] });
  assert.equal(mounts, [
    {
      destination: '/var/lib/db',
      type: 'bind',
      source: join(paths.volumes, 'db/_data'),
      options: ['rbind', 'ro', 'rprivate'],
    },
  ]);
  assert.equal(wanted, [{ name: 'db', anonymous: false }]);
  assert.equal(volumes, [
    { name: 'db', destination: '/var/lib/db', anonymous: false, readOnly: true, fill: true },
  ]);
  assert.equal(of({ volume: ['db:/a:nocopy'] }).volumes, [
    { name: 'db', destination: '/a', anonymous: false },
  ]);
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
  assert.is(
    refusal(() => of({ volume: ['sub/dir:/x'] })),
    'usage: cannot use -v sub/dir:/x: what has a / is no name of a volume',
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
  assert.equal(options('/x'), ['nosuid', 'nodev', 'noexec', 'mode=1777', 'tmpcopyup']);
  assert.equal(options('/x:size=1m,exec,mode=700'), [
    'nosuid',
    'nodev',
    'tmpcopyup',
    'size=1m',
    'exec',
    'mode=700',
  ]);
  assert.equal(options('/x:notmpcopyup,rw,suid'), ['nodev', 'noexec', 'mode=1777', 'rw', 'suid']);
  assert.equal(options('/x:U,size=1m')!.slice(-2), ['uid=7', 'gid=8']);
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
    `usage: two mounts for /a: -v ${host}:/a and --tmpfs /a/`,
  );
});

test('O shows a directory by an overlay whose changes lie in the container', () => {
  const { mounts, overlays } = of({ volume: [`${host}:/a:O`, `${host}:/b:O,ro`] });
  assert.equal(overlays, [
    { destination: '/a', directory: host, writable: true },
    { destination: '/b', directory: host, writable: false },
  ]);
  const scratch = '/containers/c/overlays/0';
  assert.equal(mounts[0], {
    destination: '/a',
    type: 'overlay',
    source: 'overlay',
    options: [
      'userxattr',
      `lowerdir=${host}`,
      `upperdir=${scratch}/upper`,
      `workdir=${scratch}/work`,
      'rprivate',
    ],
  });
  assert.equal(mounts[1]!.options, ['userxattr', `lowerdir=${host}`, 'ro', 'rprivate']);
});

test('U gives files to the user of the container, but no directory that holds everything', () => {
  assert.equal(of({ volume: [`${host}:/a:U`] }).chown, [host]);
  assert.equal(of({ volume: ['v:/a:U'] }).chown, [join(paths.volumes, 'v/_data')]);
  for (const path of ['/', '/etc', '/home/me', process.env.HOME!])
    assert.match(
      refusal(() => of({ volume: [`${path}:/a:U`] })),
      /^usage: .*U would change the owner/,
      path,
    );
});

test('what the user can read but nobody in the container will is told', () => {
  const closed = join(temporary(), 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const foreign = { maps: { ...context.maps, uid: [{ container: 0, host: 4_000_000, size: 9 }] } };
  const notices = (volume: string, where = foreign) => {
    said.length = 0;
    of({ volume: [volume] }, where);
    return [...said];
  };
  const [text, ...more] = notices(`${closed}:/a`);
  assert.match(
    text!,
    new RegExp(`^Warning: ${closed} belongs to uid ${process.getuid!()}, which .*keep-id.* U `),
  );
  assert.equal(more, []);
  assert.equal(notices(`${closed}:/a:U`), []);
  assert.equal(notices(`${closed}:/a`, { maps: context.maps }), []);
  assert.equal(notices('/usr:/a:ro'), []);
});

test("an image's volumes are anonymous, in memory, or left out; a flag for the same place wins", () => {
  const imageVolumes = { '/data/': {}, '/log': {}, '/': {}, relative: {} };
  const shown = (more: Partial<MountFlags>) =>
    of(more, { imageVolumes }).mounts.map(({ type, destination }) => `${type} ${destination}`);
  assert.equal(shown({}), ['bind /data', 'bind /log', 'bind /relative']);
  assert.equal(shown({ imageVolume: 'tmpfs', volume: [`${host}:/log`] }), [
    'bind /log',
    'tmpfs /data',
    'tmpfs /relative',
  ]);
  assert.equal(shown({ imageVolume: 'ignore' }), []);
  const [volume] = of({}, { imageVolumes }).volumes;
  assert.ok(volume!.anonymous && volume!.fill && /^[0-9a-f]{64}$/.test(volume!.name));
});

test('--read-only leaves /run, /tmp and /var/tmp to write to, unless they are something else', () => {
  const shown = (more: Partial<MountFlags>) =>
    of({ readOnly: true, ...more }).mounts.map((one) => one.destination);
  assert.equal(shown({}), ['/run', '/tmp', '/var/tmp']);
  assert.equal(shown({ volume: ['x:/tmp'] }), ['/run', '/var/tmp', '/tmp']);
  assert.equal(shown({ readOnlyTmpfs: false }), []);
  assert.equal(of({ readOnly: true }).shown, []);
});

test('--volumes-from takes binds and volumes of another container, and no others', () => {
  const id = 'd'.repeat(64);
  const directory = join(paths.containers, id);
  mkdirSync(directory, { recursive: true });
  const first = of({
    volume: [`${host}:/bound`, 'named:/named:ro', '/anonymous'],
    tmpfs: ['/tmpfs'],
    device: ['/dev/null:/dev/other'],
  });
  const record = recordOf(id, { name: 'first', volumes: first.volumes, userMounts: first.shown });
  writeFileSync(join(directory, 'container.json'), JSON.stringify(record));
  writeFileSync(join(directory, 'config.json'), JSON.stringify(specOf({ mounts: first.mounts })));
  const taken = of({ volumesFrom: [id.slice(0, 8)] });
  const known = ({ destination }: { destination: string }) =>
    ['/anonymous', '/bound', '/named'].includes(destination);
  assert.equal(taken.mounts, first.mounts.filter(known));
  assert.equal(taken.volumes, first.volumes);
  assert.ok(of({ volumesFrom: [`${id}:ro`] }).mounts.every(({ options }) => options!.includes('ro')));
  assert.is(of({ volumesFrom: [id], volume: ['mine:/named'] }).mounts.length, 3);
  assert.match(
    refusal(() => of({ volumesFrom: ['nobody'] })),
    /^not-found: no such container/,
  );
  assert.match(
    refusal(() => of({ volumesFrom: [`${id}:rx`] })),
    /^usage: .*unknown option "rx"/,
  );
});

test('an image that is not there is named', () => {
  assert.is(
    refusal(() => of({ mount: ['type=image,source=nothing,target=/x'] })),
    'not-found: cannot mount the image nothing on /x: it is not in the store',
  );
});

test('a subpath of a volume is looked up in it', () => {
  makeVolume(paths, { name: 'deep' });
  const { mounts, volumes } = of({ mount: ['type=volume,src=deep,dst=/x,volume-subpath=/a//b/'] });
  assert.is(mounts[0]!.source, join(paths.volumes, 'deep/_data/a/b'));
  assert.equal(volumes, [{ name: 'deep', destination: '/x', anonymous: false, subpath: 'a/b' }]);
  assert.match(
    refusal(() => of({ mount: ['src=deep,dst=/x,subpath=a/../../b'] })),
    /leads out of it$/,
  );
});

test.run();
