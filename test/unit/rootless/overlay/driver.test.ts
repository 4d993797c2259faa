import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { OwnerShift } from '../../../../rootless/id-map-shift.ts';
import { type DriverOptions, driverFor, driverName } from '../../../../rootless/overlay/driver.ts';
import { canHoldUpper, fileSystemOf } from '../../../../rootless/overlay/file-system.ts';
import { overlayWorks } from '../../../../rootless/overlay/probe.ts';
import { copyPlan, rootPlan } from '../../../../rootless/overlay/root-plan.ts';

const same: OwnerShift = {
  identity: true,
  uidmapping: '0:0:9',
  gidmapping: '0:0:9',
  reachesUser: true,
  chown: { uid: [], gid: [] },
};
const moved: OwnerShift = {
  ...same,
  identity: false,
  uidmapping: '1000:0:1:0:1:1000',
  gidmapping: '1000:0:1:0:1:1000',
  chown: { uid: [{ container: 0, host: 1, size: 5 }], gid: [{ container: 0, host: 1, size: 6 }] },
};
const parts = { lowers: ['/l/top', '/l/base'], upper: '/c/upper', work: '/c/work', copy: '/c/copy' };

let root = '';
test.before.each(() => {
  root = mkdtempSync('/dev/shm/driver-');
});
test.after.each(() => rmSync(root, { recursive: true, force: true }));

const choose = (options: Partial<DriverOptions>) =>
  driverFor({
    dataRoot: root,
    shift: same,
    probe: async () => undefined,
    find: () => '/usr/bin/fuse-overlayfs',
    fuseDevice: () => true,
    ...options,
  });
const broken = async () => 'the kernel says no';

async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return `${(error as Error).message}: ${(error as { why?: string }).why}`;
  }
  return assert.unreachable('it was accepted') as never;
}

test("the kernel's overlay comes first, then fuse-overlayfs, then copies", async () => {
  assert.is((await choose({})).name, 'overlay');
  rmSync(join(root, 'overlay-probe.json'));
  const fuse = await choose({ probe: broken });
  assert.equal(fuse, {
    name: 'fuse-overlayfs',
    reason: 'the kernel says no',
    program: '/usr/bin/fuse-overlayfs',
  });
  rmSync(join(root, 'overlay-probe.json'));
  const copy = await choose({ probe: broken, find: () => undefined });
  assert.equal(copy, { name: 'copy', reason: 'the kernel says no; fuse-overlayfs is not installed' });
  assert.is((await choose({ shift: moved })).name, 'fuse-overlayfs');
  assert.is((await choose({ shift: { ...moved, reachesUser: false } })).name, 'copy');
  assert.is((await choose({ wish: 'vfs' })).name, 'copy');
});

test('a driver that was asked for is that one or an error', async () => {
  assert.is((await choose({ wish: 'fuse-overlayfs' })).name, 'fuse-overlayfs');
  assert.is(
    await refused(choose({ wish: 'overlay', probe: broken })),
    'cannot use the storage driver overlay: the kernel says no',
  );
  assert.match(
    await refused(choose({ wish: 'fuse-overlayfs', fuseDevice: () => false })),
    '/dev/fuse can not be opened',
  );
  assert.match(await refused(choose({ wish: 'overlay', shift: moved })), "can't move owners");
  assert.throws(() => driverName('btrfs'), 'unknown storage driver "btrfs"');
});

test('the probe runs once for a kernel and a file system', async () => {
  let probes = 0;
  const probe = async () => {
    probes++;
    return undefined;
  };
  assert.is(await overlayWorks(root, probe), undefined);
  assert.is(await overlayWorks(root, probe), undefined);
  assert.is(probes, 1);
  const file = join(root, 'overlay-probe.json');
  const { key } = JSON.parse(readFileSync(file, 'utf8'));
  assert.match(key, 'tmpfs');
});

test('a damaged cache is a cache that is not there', async () => {
  const { writeFileSync } = await import('node:fs');
  for (const text of ['', '{', 'null', '[]', '{"key":5}', '{"key":"other"}']) {
    writeFileSync(join(root, 'overlay-probe.json'), text);
    assert.is(await overlayWorks(root, broken), 'the kernel says no');
  }
});

test('a data root that can not be written costs a probe, nothing else', async () => {
  assert.is(await overlayWorks(join(root, 'not/there'), async () => undefined), undefined);
});

test('file systems that refuse to be written through overlays are known', () => {
  assert.is(fileSystemOf('/dev/shm/not/there'), 'tmpfs');
  for (const kind of ['nfs', 'overlay', 'fuse', 'vfat']) assert.is(canHoldUpper(kind, 'overlay'), false);
  for (const kind of ['ext4', 'xfs', 'btrfs', 'tmpfs', '0x1234'])
    assert.is(canHoldUpper(kind, 'overlay'), true);
  assert.is(canHoldUpper('overlay', 'fuse-overlayfs'), true);
});

test('each driver has its operation', () => {
  const reason = '';
  assert.equal(rootPlan({ name: 'overlay', reason }, parts, same), [
    ['root-overlay', '/c/upper', '/c/work', '/l/top', '/l/base'],
  ]);
  const program = '/usr/bin/fuse-overlayfs';
  assert.equal(rootPlan({ name: 'fuse-overlayfs', reason, program }, parts, same), [
    ['root-fuse', program, '-o', 'lowerdir=/l/top:/l/base,upperdir=/c/upper,workdir=/c/work', '@target@'],
  ]);
  assert.match(
    rootPlan({ name: 'fuse-overlayfs', reason, program }, parts, moved)[0]?.[3] ?? '',
    ',uidmapping=1000:0:1:0:1:1000,gidmapping=1000:0:1:0:1:1000',
  );
  assert.equal(rootPlan({ name: 'copy', reason }, parts, same), [['root-bind', '/c/copy']]);
  assert.equal(copyPlan(parts, same), [['copy-tree', '/l/base', '/l/top', '/c/copy']]);
  assert.equal(copyPlan(parts, moved)[0], ['copy-owners', '0:1:5', '0:1:6']);
});

test('what fuse-overlayfs would misread in a path is escaped or refused', () => {
  const driver = { name: 'fuse-overlayfs' as const, reason: '' };
  const odd = { ...parts, upper: '/c/a,b\\c' };
  assert.match(rootPlan(driver, odd, same)[0]?.[3] ?? '', 'upperdir=/c/a\\,b\\\\c,');
  assert.throws(() => rootPlan(driver, { ...parts, upper: '/c:d' }, same), 'cannot use the storage driver');
});

test('more than 500 layers are refused where the kernel would', () => {
  const lowers = Array.from({ length: 501 }, (_, n) => `/l/${n}`);
  assert.throws(() => rootPlan({ name: 'overlay', reason: '' }, { ...parts, lowers }, same), '501 layers');
  assert.is(rootPlan({ name: 'copy', reason: '' }, { ...parts, lowers }, same).length, 1);
});

test.run();
