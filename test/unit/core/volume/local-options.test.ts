import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readLocalOptions } from '../../../../core/volume/local-options.ts';
import { failure } from '../container/fixtures.ts';

const why = (options: Record<string, string>) => failure(() => readLocalOptions(options)).why;

test('without options a volume is a directory of the store', () => {
  assert.equal(readLocalOptions({}), { kind: 'directory', words: [], nocopy: false });
  assert.equal(readLocalOptions({ o: 'uid=5,ro,nocopy' }), {
    kind: 'directory',
    words: ['ro'],
    nocopy: true,
    owner: { uid: 5, gid: 0 },
  });
});

test('a tmpfs takes what tmpfs(5) has', () => {
  assert.equal(
    readLocalOptions({ type: 'tmpfs', device: 'tmpfs', o: 'size=100m,uid=1000,mode=700,noexec' }),
    {
      kind: 'tmpfs',
      words: ['size=104857600', 'uid=1000', 'mode=700', 'noexec'],
      nocopy: false,
    },
  );
  assert.equal(readLocalOptions({ type: 'tmpfs', o: 'size=10%,nocopy' }), {
    kind: 'tmpfs',
    words: ['size=10%'],
    nocopy: true,
  });
  assert.is(why({ type: 'tmpfs', o: 'huge=always' }), 'a tmpfs has no such option');
});

test('a bind is a directory of the host', () => {
  for (const options of [{ type: 'none', o: 'bind,ro' }, { o: 'bind,ro' }])
    assert.equal(readLocalOptions({ ...options, device: '/srv' }), {
      kind: 'bind',
      device: '/srv',
      words: ['bind', 'ro'],
      nocopy: false,
    });
  assert.is(why({ type: 'none', o: 'bind' }), 'it needs a device');
  assert.is(why({ type: 'none', o: 'bind', device: 'srv' }), 'device=srv: it is no absolute path');
  assert.is(why({ type: 'none', device: '/srv' }), 'it is a bind or nothing');
  assert.is(why({ device: '/srv' }), 'a device needs a type');
});

test('what needs root of the host is refused, with the reason', () => {
  assert.is(
    why({ type: 'nfs', device: 'a:/b', o: 'addr=1.2.3.4' }),
    'the kernel lets only root of the host mount nfs',
  );
  assert.is(
    why({ o: 'size=10m' }),
    'a limit for a directory is a quota, which only root of the host can set',
  );
  assert.is(why({ o: 'nonsense' }), 'there is no such option');
  assert.is(why({ size: '10m' }), 'the driver local has type, device and o');
});

test.run();
