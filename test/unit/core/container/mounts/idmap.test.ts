import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mountExtras } from '../../../../../core/container/mounts/extras.ts';
import { checkIdmap, withIdmap } from '../../../../../core/container/mounts/idmap.ts';
import { compileMount } from '../../../../../rootless/compile.ts';
import type { IdMaps } from '../../../../../rootless/id-map.ts';
import { containerMaps } from '../../../../../rootless/id-map-modes.ts';
import { emptyPaths, recordOf, refusal, specOf } from '../fixtures.ts';

const ids = [
  { container: 0, host: 1000, size: 1 },
  { container: 1, host: 100_000, size: 65_536 },
];
const defaults: IdMaps = { uid: ids, gid: ids, helpers: undefined, oneIdOnly: false };
const around = { user: { uid: 1000, gid: 1000, name: 'me' } };
const keepId = containerMaps(defaults, { userns: 'keep-id' }, around);
const few = containerMaps(defaults, { uidmap: ['0:1:10', '10:0:1'] }, around);

const mapped = (word: string, maps = defaults) =>
  withIdmap(
    { destination: '/m', type: 'bind', source: '/s', options: ['rbind', word] },
    '-v x',
    defaults,
    maps,
  );
const uids = (word: string, maps = defaults) =>
  mapped(word, maps).uidMappings!.map(({ containerID, hostID, size }) => [containerID, hostID, size]);
const why = (work: () => unknown) => refusal(work).replace(/^usage: cannot use -v x: idmap: /, '');

/** What the launcher is told of uids: id on disk and id shown, both as the container's namespace has them. */
const table = (word: string, maps = defaults) => {
  const base = specOf();
  const own = (ranges: typeof ids) =>
    ranges.map(({ container, host, size }) => ({ containerID: container, hostID: host, size }));
  const mount = mapped(word, maps);
  const linux = { ...base.linux, uidMappings: own(maps.uid), gidMappings: own(maps.gid) };
  const spec = { ...base, linux, mounts: [mount] };
  const extras = mountExtras(emptyPaths(), recordOf('a'.repeat(64)), spec);
  return compileMount(mount, extras['/m']).slice(5);
};

test('without a value the numbers on disk are those in the container', () => {
  assert.equal(uids('idmap'), [[1000, 100_999, 1]]);
  assert.equal(uids('idmap', keepId), [[1000, 1000, 1]]);
  assert.equal(table('idmap'), ['0:1000:1', '0:1000:1']);
  assert.equal(table('idmap', keepId), ['1000:1000:1', '1000:1000:1']);
});

test('a range leads from an id of the disk to an intermediate id, with @ to one of the container', () => {
  assert.equal(uids('idmap=uids=1000-34-1'), [[1000, 100_033, 1]]);
  assert.equal(uids('idmap=uids=@1000-33-1'), [[1000, 100_032, 1]]);
  assert.equal(uids('idmap=uids=@1000-0-1', keepId), [[1000, 100_000, 1]]);
  assert.equal(uids('idmap=uids=1000-0-1#100000-1-10;gids=1000-0-1', keepId), [
    [1000, 1000, 1],
    [100_000, 100_000, 10],
  ]);
  assert.equal(table('idmap=uids=@1000-33-1#100033-0-1;gids=1000-0-1'), ['0:33:1,34:0:1', '0:0:1']);
  assert.equal(table('idmap=uids=@1000-3-1;gids=@100000-1-2', few), ['10:3:1', '0:1:2']);
});

test('what is not said of gids is as without a value', () => {
  assert.equal(table('idmap=uids=@1000-33-1'), ['0:33:1', '0:1000:1']);
  assert.equal(table('idmap=gids=@1000-33-1'), ['0:1000:1', '0:33:1']);
});

test('who is nobody in the namespace stays nobody, since others look the same', () => {
  assert.equal(table('idmap=uids=@165532-7-4'), ['65533:7:1,65535:9:2', '0:1000:1']);
});

test('a part of a volume and its flags are kept', () => {
  const mount = { destination: '/m', type: 'bind', source: '/s/part', options: ['rbind', 'ro', 'idmap'] };
  const owners = { uids: ids, gids: [] };
  assert.equal(compileMount(mount, { subpath: 'part', owners }), [
    ...['idmap', '/s', '/m', 'rec,ro', 'part', '0:1000:1,1:100000:65536', ''],
  ]);
});

test('what is no range is refused', () => {
  const bad = (word: string) => why(() => checkIdmap('-v x', word));
  assert.is(bad('idmap='), '"" is neither uids= nor gids=');
  assert.is(bad('idmap=pids=0-0-1'), '"pids=0-0-1" is neither uids= nor gids=');
  assert.is(bad('idmap=uids='), '"" is not [@]DISK-ID-SIZE');
  for (const range of [
    '1-1',
    '1-1-0',
    '1-1-1-1',
    '-1-1-1',
    '1-1-x',
    '@@1-1-1',
    '4294967295-0-1',
    '0-1-4294967295',
  ])
    assert.is(bad(`idmap=uids=0-0-1#${range}`), `${JSON.stringify(range)} is not [@]DISK-ID-SIZE`);
  assert.is(bad('idmap=uids=0-0-1;uids=1-1-1'), 'uids= is given twice');
});

test('ids that somebody lacks are refused, and who they are', () => {
  assert.is(
    why(() => mapped('idmap=uids=0-0-1')),
    'uids 0-0-1: the ids 0 to 0 of the host are not all among those that the container has',
  );
  assert.is(
    why(() => mapped('idmap=gids=165530-1-20')),
    'gids 165530-1-20: the ids 165530 to 165549 of the host are not all among those that the container has',
  );
  assert.is(
    why(() => mapped('idmap=uids=1000-70000-1')),
    'uids 1000-70000-1: the container has no ids for 70000 to 70000',
  );
  assert.is(
    why(() => mapped('idmap=uids=@1000-11-1', few)),
    'uids @1000-11-1: the container has no ids for 11 to 11',
  );
  assert.is(
    why(() => mapped('idmap=uids=1000-3-1#100000-3-1')),
    'it names an id twice',
  );
  assert.is(
    why(() => mapped('idmap=uids=1000-3-1#1000-4-1')),
    'it names an id twice',
  );
});

test("where not even the user's own number is the container's, nothing could be had", () => {
  assert.is(
    why(() => mapped('idmap', few)),
    `no uid on disk that this container may have is one of its own numbers, not even your ${process.getuid!()}`,
  );
});

test.run();
