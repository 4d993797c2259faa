import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../core/error.ts';
import { hostIdMap, type IdSources, mapPlan, parseIdMap } from '../../../rootless/id-map.ts';
import { containerMaps, type IdMapWish } from '../../../rootless/id-map-modes.ts';
import { ownerShift } from '../../../rootless/id-map-shift.ts';
import { freeSubIdStart, parseSubIds } from '../../../rootless/sub-ids.ts';

const user = { uid: 1000, gid: 1000, name: 'ann' };
const everything = '         0          0 4294967295\n';

interface System {
  subuid?: string;
  subgid?: string;
  programs?: string[];
  uidMap?: string;
  noNewPrivs?: boolean;
  caps?: string;
}

function system({ subuid = '', subgid, programs, uidMap = everything, noNewPrivs, caps }: System): IdSources {
  const found = programs ?? ['newuidmap', 'newgidmap'];
  return {
    subIds: ({ uid, name }) => ({
      uid: parseSubIds(subuid, [name ?? '', String(uid)]),
      gid: parseSubIds(subgid ?? subuid, [name ?? '', String(uid)]),
      all: parseSubIds(subuid),
    }),
    find: (program) => (found.includes(program) ? `/usr/bin/${program}` : undefined),
    proc: (name) =>
      name === 'status'
        ? `NoNewPrivs:\t${noNewPrivs ? 1 : 0}\nCapEff:\t${caps ?? '000001ffffffffff'}\n`
        : uidMap,
  };
}

const ranges = (list: { container: number; host: number; size: number }[]) =>
  list.map(({ container, host, size }) => `${container}:${host}:${size}`).join(' ');

const mapsFor = (wish: IdMapWish, subuid = 'ann:100000:65536', around = {}) =>
  containerMaps(hostIdMap(user, system({ subuid })), wish, { user, ...around });

function refusal(work: () => unknown): PodError {
  try {
    work();
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  return assert.unreachable('it was accepted') as never;
}

test('container root is the user, and the subordinate ranges follow in order', () => {
  const maps = hostIdMap(user, system({ subuid: 'bob:1:9\nann:100000:65536\n1000:300000:10\n' }));
  assert.is(ranges(maps.uid), '0:1000:1 1:100000:65536 65537:300000:10');
  assert.is(maps.oneIdOnly, false);
  assert.equal(mapPlan(maps).slice(0, 4), [
    ['newuidmap', '/usr/bin/newuidmap'],
    ['newgidmap', '/usr/bin/newgidmap'],
    ['uidmap', '0', '1000', '1'],
    ['uidmap', '1', '100000', '65536'],
  ]);
});

test('who has which ids is asked once', () => {
  for (const subuid of ['ann:100000:65536', 'bob:100000:65536']) {
    const asked: unknown[] = [];
    const sources = system({ subuid });
    const subIds: IdSources['subIds'] = (who) => {
      asked.push(who);
      return sources.subIds(who);
    };
    hostIdMap(user, { ...sources, subIds });
    assert.equal(asked, [user]);
  }
});

test('a user without ranges has one id, the reason, and the command that mends it', () => {
  const maps = hostIdMap(user, system({ subuid: 'bob:100000:65536' }));
  assert.is(maps.oneIdOnly, true);
  assert.is(maps.reason, '/etc/subuid has no range for ann');
  assert.is(maps.fix, 'sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 ann');
  assert.equal(mapPlan(maps), [
    ['setgroups', 'deny'],
    ['uidmap', '0', '1000', '1'],
    ['gidmap', '0', '1000', '1'],
  ]);
});

test('one id is left without newgidmap, without subgids and under no_new_privs', () => {
  const subuid = 'ann:100000:65536';
  assert.match(
    hostIdMap(user, system({ subuid, programs: ['newuidmap'] })).reason ?? '',
    'newgidmap is not installed',
  );
  assert.match(hostIdMap(user, system({ subuid, subgid: '' })).reason ?? '', '/etc/subgid has no range');
  assert.match(hostIdMap(user, system({ subuid, noNewPrivs: true })).reason ?? '', 'no_new_privs');
});

test('in a user namespace only what it maps is used', () => {
  const nested = '0 1000 1\n1 100000 65536\n';
  const maps = hostIdMap(user, system({ subuid: 'ann:60000:65536', uidMap: nested }));
  assert.is(ranges(maps.uid), '0:1000:1 1:60000:5537');
  const outside = hostIdMap(user, system({ subuid: 'ann:100000:65536', uidMap: nested }));
  assert.is(outside.oneIdOnly, true);
  assert.match(outside.reason ?? '', 'does not exist in this user namespace');
});

test('ranges that overlap each other or the user are cut, for the kernel refuses doubles', () => {
  const maps = hostIdMap(user, system({ subuid: 'ann:900:200\nann:1050:100\n' }));
  assert.is(ranges(maps.uid), '0:1000:1 1:900:100 101:1001:99 200:1100:50');
});

test('root maps its ranges, or itself onto all there is, without helpers', () => {
  const root = { uid: 0, gid: 0, name: 'root' };
  assert.is(ranges(hostIdMap(root, system({})).uid), '0:0:4294967295');
  const ranged = hostIdMap(root, system({ subuid: 'root:100000:65536' }));
  assert.is(ranges(ranged.uid), '0:0:1 1:100000:65536');
  assert.is(ranged.helpers, undefined);
  const nested = hostIdMap(root, system({ uidMap: '0 1000 1\n1 100000 65536\n' }));
  assert.is(ranges(nested.uid), '0:0:65537');
  assert.is(hostIdMap(root, system({ uidMap: '0 1000 1\n' })).oneIdOnly, true);
  assert.is(hostIdMap(root, system({ caps: '0' })).oneIdOnly, true);
});

test('malformed lines of subuid are skipped', () => {
  const text =
    '# ann:1:2\nann\nann:1\nann:x:5\nann:-5:5\nann:7:0\n:1:1\nann:100000:99999999999\nann:10:4294967295\n';
  assert.is(ranges(parseSubIds(text, ['ann'])), '0:10:4294967285');
});

test('a free range is proposed that nobody has', () => {
  const all = parseSubIds('a:165536:65536\nb:100000:65536\nc:500000:1\n');
  assert.is(freeSubIdStart(all), 231072);
  assert.is(freeSubIdStart([]), 100000);
  assert.is(freeSubIdStart(parseSubIds('a:100500:10')), 100510);
});

test('the text of uid_map gives the ids that exist here', () => {
  assert.equal(parseIdMap('  0  1000 1\n 5 100000 10\n'), [
    { container: 0, host: 0, size: 1 },
    { container: 0, host: 5, size: 10 },
  ]);
});

test('keep-id gives the user his own number inside', () => {
  assert.is(ranges(mapsFor({ userns: 'keep-id' }).uid), '0:100000:1000 1000:1000:1 1001:101000:64536');
  assert.is(ranges(mapsFor({ userns: 'keep-id:uid=0' }).uid), '0:1000:1 1:100000:65536');
  const maps = mapsFor({ userns: 'keep-id:uid=200,gid=210' });
  assert.is(ranges(maps.uid), '0:100000:200 200:1000:1 201:100200:65336');
  assert.is(ranges(maps.gid), '0:100000:210 210:1000:1 211:100210:65326');
  assert.is(ranges(mapsFor({ userns: 'keep-id:uid=70000' }).uid), '0:100000:65536 70000:1000:1');
  assert.is(ranges(mapsFor({ userns: 'keep-id' }, '').uid), '1000:1000:1');
});

test('nomap leaves the user out', () => {
  assert.is(ranges(mapsFor({ userns: 'nomap' }).uid), '0:100000:65536');
  const error = refusal(() => mapsFor({ userns: 'nomap' }, ''));
  assert.is(error.code, 'missing');
  assert.is(error.hint, 'sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ann');
});

test('auto takes a run of ids that no other container has', () => {
  assert.is(ranges(mapsFor({ userns: 'auto' }).uid), '0:100000:1024');
  const used = [{ container: 0, host: 100000, size: 1024 }];
  assert.is(ranges(mapsFor({ userns: 'auto:size=100' }, undefined, { used }).uid), '0:101024:100');
  assert.is(ranges(mapsFor({ userns: 'auto' }, undefined, { imageIds: 5000 }).uid), '0:100000:5000');
  const fixed = mapsFor({ userns: 'auto:size=10,uidmapping=5:0:1' });
  assert.is(ranges(fixed.uid), '0:100000:5 5:1000:1 6:100006:4');
  assert.is(ranges(fixed.gid), '0:100000:10');
  assert.is(refusal(() => mapsFor({ userns: 'auto:size=70000' })).code, 'missing');
});

test('explicit maps count in the ids of the default map, and @ names those of the host', () => {
  const maps = mapsFor({ uidmap: ['0:1:500', '500:0', '501:501:100'] });
  assert.is(ranges(maps.uid), '0:100000:500 500:1000:1 501:100500:100');
  assert.is(ranges(maps.gid), ranges(maps.uid));
  assert.is(ranges(mapsFor({ uidmap: ['0:@100005:5', '9:@1000'] }).uid), '0:100005:5 9:1000:1');
});

test('bad maps are refused with what is wrong', () => {
  const bad: [IdMapWish, string][] = [
    [{ userns: 'container:x' }, 'unknown user namespace mode'],
    [{ userns: 'keep-id:uid=x' }, 'is not an id'],
    [{ userns: 'keep-id:foo=1' }, 'unknown option'],
    [{ userns: 'keep-id:uid' }, 'is not KEY=VALUE'],
    [{ userns: 'nomap:size=1' }, 'unknown option'],
    [{ uidmap: ['0:0:1'], userns: 'keep-id' }, 'exclude each other'],
    [{ uidmap: ['0:1'], gidmap: ['0-1'] }, 'invalid id mapping'],
    [{ uidmap: ['0:1:0'] }, 'at least 1'],
    [{ uidmap: ['0:@5:1'] }, 'is not yours to map'],
    [{ uidmap: ['0:1:5', '4:10:1'] }, 'names an id twice'],
    [{ uidmap: ['0:1:5', '10:5:1'] }, 'names an id twice'],
    [{ uidmap: ['1:1:5'] }, 'no container id 0'],
    [{ uidmap: ['0:65530:100'] }, 'cannot make the uid map'],
  ];
  for (const [wish, message] of bad) assert.match(refusal(() => mapsFor(wish)).message, message);
});

test('the shift shows what image root owns as container root', () => {
  const defaults = hostIdMap(user, system({ subuid: 'ann:100000:65536' }));
  const keep = ownerShift(defaults, containerMaps(defaults, { userns: 'keep-id' }, { user }));
  assert.is(keep.identity, false);
  assert.is(keep.reachesUser, true);
  assert.is(keep.uidmapping, '1000:0:1:0:1:1000:1001:1001:64536');
  assert.is(ranges(keep.chown.uid), '0:1:1000 1000:0:1 1001:1001:64536');
  const nomap = ownerShift(defaults, containerMaps(defaults, { userns: 'nomap' }, { user }));
  assert.is(nomap.reachesUser, false);
  assert.is(ranges(nomap.chown.uid), '0:1:65536');
  assert.is(ownerShift(defaults, containerMaps(defaults, { userns: 'host' }, { user })).identity, true);
  assert.is(
    ownerShift(defaults, containerMaps(defaults, { userns: 'keep-id:uid=0,gid=0' }, { user })).identity,
    true,
  );
});

test.run();
