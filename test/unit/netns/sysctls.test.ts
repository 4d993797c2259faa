import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namespaceSysctls, pingGroupRange } from '../../../netns/sysctls.ts';

const range = (container: number, host: number, size: number) => ({ container, host, size });

test('all mapped groups may ping', () => {
  assert.is(pingGroupRange([range(0, 1500, 1), range(1, 100000, 65536)]), '0 65536');
  assert.is(pingGroupRange([range(0, 0, 65536)]), '0 65535');
  assert.is(pingGroupRange([range(0, 1000, 1)]), '0 0');
});

test('keep-id has the user in the midst of its ranges', () => {
  assert.is(
    pingGroupRange([range(0, 100000, 1000), range(1000, 1000, 1), range(1001, 101000, 64536)]),
    '0 65536',
  );
});

test('a group whose host id lies above the ranges gets a range that the kernel takes', () => {
  assert.is(pingGroupRange([range(0, 300000, 1), range(1, 100000, 65536)]), '0 0');
});

test('without group 0 the widest range counts, without a map there is none', () => {
  assert.is(pingGroupRange([range(5, 1000, 1), range(10, 100000, 10)]), '5 19');
  assert.is(pingGroupRange([]), undefined);
  assert.equal(namespaceSysctls([]), { 'net.ipv4.ip_unprivileged_port_start': '0' });
});

test('ids beyond what the sysctl can hold are cut off', () => {
  assert.is(pingGroupRange([range(0, 0, 4294967295)]), '0 2147483647');
});

test.run();
