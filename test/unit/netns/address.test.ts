import { isIPv6 as nodeIsIPv6 } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isIPv4, isIPv6, isLoopback, numberOf, parseIPv4Network, textOf } from '../../../netns/address.ts';

test('IPv4 addresses have four decimal numbers without leading zeros', () => {
  for (const good of ['0.0.0.0', '127.0.0.1', '255.255.255.255']) assert.ok(isIPv4(good), good);
  for (const bad of ['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.4 ', '1.2.3.x', '-1.2.3.4'])
    assert.not(isIPv4(bad), bad);
});

test('IPv6 addresses are those that Node takes for ones, but for zones', () => {
  const words = [
    '',
    ':',
    '::',
    '1',
    '::1',
    '1::',
    'fd00::3',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
  ];
  words.push(
    '::ffff:1.2.3.4',
    '1:2:3:4:5:6:1.2.3.4',
    '1:2:3:4:5:6:7:1.2.3.4',
    '1.2.3.4::',
    '::1.2.3.256',
    '12345::',
    'g::',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '::1:2:3:4:5:6:7:8',
    ':::',
    '1.2.3.4',
  );
  for (const word of words) assert.is(isIPv6(word), nodeIsIPv6(word), word);
});

test('loopback is told in each of its forms', () => {
  for (const yes of ['127.0.0.1', '127.0.0.53', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])
    assert.ok(isLoopback(yes), yes);
  for (const no of ['10.0.2.3', '::', 'fd00::1', '0.0.0.0', '12.7.0.0']) assert.not(isLoopback(no), no);
});

test('a network is an address without host bits, and a prefix', () => {
  assert.equal(parseIPv4Network('10.0.2.0/24'), { base: 0x0a000200, prefix: 24 });
  assert.equal(parseIPv4Network('192.168.0.128/25'), { base: 0xc0a80080, prefix: 25 });
  for (const bad of [
    '10.0.2.1/24',
    '10.0.2.0',
    '10.0.2.0/33',
    '10.0.2.0/24/1',
    'fd00::/64',
    '10.0.2.0/',
    '300.0.0.0/8',
  ])
    assert.is(parseIPv4Network(bad), undefined, bad);
});

test('addresses become numbers and text again', () => {
  for (const text of ['10.0.2.100', '255.255.255.255', '0.0.0.1', '192.168.0.3'])
    assert.is(textOf(numberOf(text)), text);
});

test.run();
