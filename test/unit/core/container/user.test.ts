import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveUser } from '../../../../core/container/user.ts';
import { refusal } from './fixtures.ts';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
web:x:33:34:web:/var/www:/bin/sh
1000:x:7:8:a name of digits:/seven:/bin/sh
thousand:x:1000:1001::/home/thousand:/bin/sh
homeless:x:50:50:::/bin/sh
`;
const GROUP = `root:x:0:
daemon:x:1:web
www:x:34:web,other
audio:x:29:web, thousand
video:x:44:thousand,web
`;

const read = (passwd: string | undefined, group: string | undefined) => (path: string) =>
  ({ '/etc/passwd': passwd, '/etc/group': group })[path];
const user = (
  wish: string,
  groupAdd: string[] = [],
  passwd: string | undefined = PASSWD,
  group: string | undefined = GROUP,
) => resolveUser(wish, groupAdd, read(passwd, group));

test('nothing asked for is root', () => {
  assert.equal(user(''), { uid: 0, gid: 0, groups: [], home: '/root' });
  assert.equal(
    resolveUser('', [], () => undefined),
    { uid: 0, gid: 0, groups: [], home: '/' },
  );
});

test('a name brings its group, its further groups and its home', () => {
  assert.equal(user('web'), { uid: 33, gid: 34, groups: [1, 29, 44], home: '/var/www' });
});

test('a number that is in the file is that user, one that is not has group 0', () => {
  assert.equal(user('33'), user('web'));
  assert.equal(user('4242'), { uid: 4242, gid: 0, groups: [], home: '/' });
});

test('a name wins over a number', () => {
  assert.equal(user('1000'), { uid: 7, gid: 8, groups: [], home: '/seven' });
});

test('with a group the further ones stay away', () => {
  assert.equal(user('web:video'), { uid: 33, gid: 44, groups: [], home: '/var/www' });
  assert.equal(user('web:4242'), { uid: 33, gid: 4242, groups: [], home: '/var/www' });
  assert.equal(user(':video'), { uid: 0, gid: 44, groups: [], home: '/root' });
});

test('groups that are added come once', () => {
  assert.equal(user('web', ['video', '44', 'www', '77']).groups, [1, 29, 44, 77]);
});

test('names that the image does not have are refused by their kind', () => {
  assert.is(
    refusal(() => user('nobody')),
    'not-found: the image has no user "nobody"',
  );
  assert.is(
    refusal(() => user('web:nogroup')),
    'not-found: the image has no group "nogroup"',
  );
  assert.is(
    refusal(() => user('web', ['nogroup'])),
    'not-found: the image has no group "nogroup"',
  );
});

test('numbers that no id can be are names', () => {
  for (const wish of [
    '-1',
    '+1',
    '0x10',
    '1e3',
    ' 1',
    '1.5',
    '4294967295',
    '4294967296',
    '99999999999999999999',
  ])
    assert.match(
      refusal(() => user(wish)),
      /^not-found: the image has no user/,
      wish,
    );
  assert.is(user('4294967294').uid, 4294967294);
});

test('an empty home is the root directory', () => {
  assert.is(user('homeless').home, '/');
});

test('lines that are no entries are passed over', () => {
  const passwd = `\n:\n::::::\n# comment\n+::::::\nbad:x:nan:0::/x:\nbad:x:1\nbad:x:-1:-1::/x:\nbad:x:4294967295:0::/x:\n\0\nweb:x:33:34::/ok:/bin/sh`;
  assert.equal(user('web', [], passwd, '\n\n:::\nx:x:y:web\n+:::\nwww:x:34\n'), {
    uid: 33,
    gid: 34,
    groups: [],
    home: '/ok',
  });
  assert.match(
    refusal(() => user('bad', [], passwd)),
    /^not-found/,
  );
});

test("Windows' line ends do no harm", () => {
  assert.equal(user('web', [], 'web:x:33:34::/home:/bin/sh\r\n', 'video:x:44:web\r\n').groups, [44]);
});

test('huge and hostile files are read in little time', () => {
  const line = `${':'.repeat(1 << 20)}\n${'x'.repeat(1 << 20)}\n`;
  const many = Array.from({ length: 50_000 }, (_, i) => `u${i}:x:${i}:${i}::/h${i}:`).join('\n');
  const begin = performance.now();
  assert.is(
    user('u49999', [], `${line}${many}`, `${line}g:x:7:${'a,'.repeat(1 << 19)}u49999\n`).home,
    '/h49999',
  );
  assert.ok(performance.now() - begin < 10_000);
});

test.run();
