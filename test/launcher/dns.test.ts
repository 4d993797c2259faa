/** What the resolver of a bridge network answers, and hostile packets (rootless/native/dns.c, hub-names.c). */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { seed } from '../fuzz/chance.ts';
import { buildDriver } from './build.ts';
import { run } from './drivers.ts';

const driver = buildDriver('dns', ['dns.c', 'hub-names.c']);
const TYPES = { A: '1', PTR: '12', MX: '15', AAAA: '28', ANY: '255' } as const;

const ask = (name: string, type: keyof typeof TYPES, asker = '2'): string => {
  const ran = run(driver, ['ask', name, TYPES[type], asker]);
  assert.equal([ran.code, ran.stderr], [0, ''], name);
  return ran.stdout.trim();
};

test('members are found by name, alias and id, in any case', () => {
  assert.is(ask('web', 'A'), 'answer 10.89.0.2');
  assert.is(ask('WEB', 'AAAA'), 'answer fd00::2');
  assert.is(ask('www.Shop', 'ANY'), 'answer 10.89.0.2 fd00::2');
  assert.is(ask('0123456789ab', 'A'), 'answer 10.89.0.2');
  assert.is(ask('db', 'A'), 'answer 10.89.0.3');
});

test('a member without such a record is an empty answer, a stranger is nobody, or passed on', () => {
  assert.is(ask('db', 'AAAA'), 'answer');
  assert.is(ask('web', 'MX'), 'answer');
  for (const name of ['we', 'webb', 'shop', '0123456789']) assert.is(ask(name, 'A'), 'nobody', name);
  for (const name of ['web.example.org', 'shop.www', '']) assert.is(ask(name, 'A'), 'forward', name);
});

test('who is in two networks is told of both, the one that it asks first; others are not', () => {
  assert.is(ask('inner', 'A', '3'), 'answer 10.90.0.5');
  assert.is(ask('inner', 'A'), 'nobody');
  assert.is(ask('web', 'A', '3'), 'answer 10.89.0.2');
  assert.is(ask('cccccccccccc', 'A', '3'), 'answer 10.90.0.4');
  assert.is(ask('5.0.90.10.in-addr.arpa', 'PTR', '3'), 'answer inner');
  assert.is(ask('5.0.90.10.in-addr.arpa', 'PTR'), 'forward');
  assert.is(ask('inner', 'A', '99'), 'nobody');
});

test('an answer is cut to what the client takes, and whole by TCP', () => {
  const many = (...args: string[]) => run(driver, ['many', ...args]);
  assert.equal(many('0'), { code: 0, stdout: 'answer cut 30 in 502\n', stderr: '' });
  assert.equal(many('900'), { code: 0, stdout: 'answer cut 54 in 897 edns\n', stderr: '' });
  assert.equal(many('65535'), { code: 0, stdout: 'answer cut 74 in 1217 edns\n', stderr: '' });
  assert.equal(many('0', 'stream'), { code: 0, stdout: 'answer 128 in 2070\n', stderr: '' });
});

test('addresses lead back to names', () => {
  assert.is(ask('2.0.89.10.in-addr.arpa', 'PTR'), 'answer web');
  assert.is(ask('9.0.89.10.in-addr.arpa', 'PTR'), 'forward');
  assert.is(ask(`2.${'0.'.repeat(29)}d.f.ip6.arpa`, 'PTR'), 'answer web');
});

test('who has left is a stranger', () => {
  assert.is(run(driver, ['left', 'fedcba9876543210', 'db']).stdout, 'nobody\n');
  assert.is(run(driver, ['left', 'fedcba9876543210', 'web']).stdout, 'answer 10.89.0.2\n');
});

test(`no packet upsets it (seed ${seed})`, () => {
  assert.equal(run(driver, ['fuzz', '100000', String(seed)]), {
    code: 0,
    stdout: 'no failure\n',
    stderr: '',
  });
});

test.run();
