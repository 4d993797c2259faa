import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { orderMounts } from '../../../../../core/container/mounts/order.ts';

const at = (destination: string, ...options: string[]) => ({ destination, options });
const order = (...asked: { destination: string; options: string[] }[]) =>
  orderMounts([at('/proc'), at('/dev'), at('/dev/pts'), at('/etc/hosts')], asked).map(
    ({ destination }) => destination,
  );

test('the outer mounts come first, and what is asked for replaces the usual', () => {
  assert.equal(order(at('/a')), ['/proc', '/dev', '/a', '/dev/pts', '/etc/hosts']);
  assert.equal(order(at('/dev/pts')), ['/proc', '/dev', '/etc/hosts', '/dev/pts']);
});

test('the files of every container lie in a volume for their directory, unless that can not take them', () => {
  assert.equal(order(at('/etc')), ['/proc', '/dev', '/etc', '/dev/pts', '/etc/hosts']);
  assert.equal(order(at('/etc', 'ro')), ['/etc/hosts', '/proc', '/dev', '/etc', '/dev/pts']);
});

test.run();
