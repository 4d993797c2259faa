import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { freeSubnet4, freeSubnet6 } from '../../../netns/free-subnet.ts';
import {
  addressNumber,
  addressText,
  contains,
  overlaps,
  parseSubnet,
  subnetText,
} from '../../../netns/subnet.ts';

test('an address is a number and back, IPv6 in its short form', () => {
  const cases: [string, string][] = [
    ['10.89.0.1', '10.89.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['fd00::', 'fd00::'],
    ['fd00:0:0:1:0:0:0:2', 'fd00:0:0:1::2'],
    ['FD00:0:1::0:2', 'fd00:0:1::2'],
    ['1:0:2:0:3:0:4:0', '1:0:2:0:3:0:4:0'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['10:100:0:0:5:6:7:8', '10:100::5:6:7:8'],
  ];
  for (const [text, shown] of cases)
    assert.is(addressText(text.includes(':') ? 6 : 4, addressNumber(text)!), shown, text);
  for (const text of ['', '10.0.0', '10.0.0.256', ':::', '1:2:3:4:5:6:7:8:9', 'x::'])
    assert.is(addressNumber(text), undefined, text);
});

test('a subnet is the network around the address that is given', () => {
  assert.is(subnetText(parseSubnet('10.89.3.7/24')!), '10.89.3.0/24');
  assert.is(subnetText(parseSubnet('fd12:3456::1/48')!), 'fd12:3456::/48');
  for (const text of ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', 'fd00::/129', '10.0.0.0/8/8', '10.0.0.0/-1'])
    assert.is(parseSubnet(text), undefined, text);
});

test('what lies in a subnet, and which overlap', () => {
  const net = parseSubnet('10.89.0.0/23')!;
  assert.ok(contains(net, '10.89.1.255'));
  assert.not(contains(net, '10.89.2.0'));
  assert.not(contains(parseSubnet('::/0')!, '10.89.0.1'));
  assert.ok(overlaps(net, parseSubnet('10.89.1.0/24')!));
  assert.not(overlaps(net, parseSubnet('10.89.2.0/24')!));
});

test('the subnet that is chosen is the first free one', () => {
  assert.is(subnetText(freeSubnet4([])!), '10.89.0.0/24');
  assert.is(subnetText(freeSubnet4([parseSubnet('10.89.0.0/16')!])!), '10.90.0.0/24');
  assert.is(freeSubnet4([parseSubnet('10.0.0.0/8')!]), undefined);
  const random = () => Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a, 0, 1);
  assert.is(subnetText(freeSubnet6([], random)), 'fd12:3456:789a:1::/64');
});

test.run();
