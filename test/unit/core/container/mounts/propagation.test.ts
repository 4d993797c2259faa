import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkPropagation,
  mountOf,
  rootPropagation,
} from '../../../../../core/container/mounts/propagation.ts';
import { failure } from '../fixtures.ts';

const TABLE = `21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
22 21 0:20 / /tmp rw shared:5 - tmpfs tmpfs rw
23 21 0:21 / /tm rw - tmpfs tmpfs rw
24 21 0:22 / /with\\040space rw master:2 propagate_from:1 - tmpfs tmpfs rw
`;
const check = (source: string, word: string, said: string[] = []) =>
  checkPropagation(
    { asked: `-v ${source}:/x:${word}`, source, options: ['rbind', word] },
    (line) => said.push(line),
    () => TABLE,
  );

test('a path is on the mount whose point is its longest beginning', () => {
  assert.equal(mountOf('/tmp/a', TABLE), { point: '/tmp', receives: true });
  assert.equal(mountOf('/tmpa', TABLE), { point: '/', receives: false });
  assert.equal(mountOf('/with space/x', TABLE), { point: '/with space', receives: true });
});

test('what could never propagate is refused, with the mount that would have to be shared', () => {
  const { why, hint } = failure(() => check('/usr', 'rslave'));
  assert.is(why, '/usr is on the mount /, which is not shared: nothing would reach the container by rslave');
  assert.is(hint, 'sudo mount --make-rshared /   # or leave rslave out');
});

test('a shared mount is taken, and it is told that the host sees nothing of it', () => {
  const said: string[] = [];
  check('/tmp', 'rshared', said);
  assert.match(said.join(), /^Warning: what the container mounts below \/tmp is not seen on the host/);
  check('/tmp', 'slave');
  check('/usr', 'rprivate');
  assert.is(said.length, 1);
});

test("the container's root receives only where a mount does", () => {
  assert.is(rootPropagation([{ options: ['rbind', 'rprivate'] }, {}]), undefined);
  assert.is(rootPropagation([{ options: ['rbind', 'rslave'] }]), 'rslave');
});

test.run();
