import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMountFlag } from '../../../../../core/container/mounts/mount-flag.ts';
import { refusal } from '../fixtures.ts';

const parsed = (value: string) => {
  const { asked, ...rest } = parseMountFlag(value);
  assert.is(asked, `--mount ${value}`);
  return rest;
};

test('keys of docker and of podman mean the same', () => {
  const bind = { kind: 'bind', destination: '/d', source: '/s', options: ['rbind', 'ro', 'rprivate'] };
  for (const value of [
    'type=bind,source=/s,destination=/d,readonly',
    'type=bind,src=/s,dst=/d,ro=true',
    'src=/s,target=/d,type=bind,readonly=1,relabel=shared,consistency=cached',
  ])
    assert.equal(parsed(value), bind, value);
  assert.equal(parsed('type=bind,src=/s,dst=/d,ro=false,rw').options, ['rbind', 'rprivate']);
});

test('a bind takes propagation, recursion and access', () => {
  const options = (more: string) => parsed(`type=bind,src=/s,dst=/d,${more}`).options;
  assert.equal(options('bind-propagation=rslave'), ['rbind', 'rslave']);
  assert.equal(options('bind-nonrecursive=true,noexec'), ['bind', 'noexec', 'rprivate']);
  assert.equal(options('bind-recursive=disabled,nosuid,nodev'), ['bind', 'nosuid', 'nodev', 'rprivate']);
  assert.equal(options('idmap'), ['rbind', 'idmap', 'rprivate']);
  assert.equal(options('idmap=false'), ['rbind', 'rprivate']);
  assert.equal(options('idmap=uids=0-1-2#3-4-5;gids=@0-1-1').slice(1, 2), [
    'idmap=uids=0-1-2#3-4-5;gids=@0-1-1',
  ]);
  assert.ok(
    parsed('type=bind,src=/s,dst=/d,U=true').chown && parsed('type=bind,src=/s,dst=/d,create').create,
  );
});

test('a source may hold commas', () => {
  assert.is(parsed('type=bind,"source=/a,b",dst=/d').source, '/a,b');
});

test('a volume is the default; without a source it has no name', () => {
  assert.equal(parsed('dst=/d,volume-nocopy,volume-label=a=b=c,volume-driver=local'), {
    ...{ kind: 'volume', destination: '/d', source: undefined, nocopy: true, labels: { a: 'b=c' } },
    options: ['rbind', 'rprivate'],
  });
  assert.is(parsed('type=volume,source=v,dst=/d,subpath=x').subpath, 'x');
});

test('what lies in memory has size and mode', () => {
  assert.equal(parsed('type=tmpfs,dst=/d,tmpfs-size=1m,tmpfs-mode=700,notmpcopyup'), {
    kind: 'filesystem',
    destination: '/d',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'noexec', 'size=1048576', 'mode=700'],
  });
  assert.is(parsed('type=ramfs,dst=/d').source, 'ramfs');
  assert.equal(parsed('type=devpts,dst=/d,gid=5,max=9').options.slice(4), ['mode=0620', 'gid=5', 'max=9']);
});

test('an image is read-only unless it may be written to', () => {
  assert.equal(parsed('type=image,src=alpine,dst=/d'), {
    kind: 'image',
    destination: '/d',
    source: 'alpine',
    options: [],
  });
  assert.is(parsed('type=image,src=alpine,dst=/d,rw=true,image-subpath=etc').overlay, true);
});

test('errors name the key', () => {
  const why = (value: string) =>
    refusal(() => parseMountFlag(value)).replace(/^usage: cannot use --mount [^:]*: /, '');
  const bind = 'type=bind,src=/s,dst=/d';
  assert.is(why(`${bind},nonsense=1`), 'unknown key "nonsense" for type bind');
  assert.is(why(`${bind},constructor`), 'unknown key "constructor" for type bind');
  assert.is(why(`${bind},tmpfs-size=1`), 'unknown key "tmpfs-size" for type bind');
  assert.is(why(`${bind},ro=maybe`), 'ro=maybe: it is true or false');
  assert.is(
    why(`${bind},bind-propagation=x`),
    'bind-propagation=x: it is shared, slave, private or unbindable, or one of them with r in front',
  );
  assert.is(why(`${bind},idmap=uids=1`), 'idmap: "1" is not [@]DISK-ID-SIZE');
  assert.is(why(`${bind},idmap=maybe`), 'idmap=maybe: it is true or false');
  assert.is(why('type=tmpfs,dst=/d,idmap'), 'unknown key "idmap" for type tmpfs');
  assert.is(why(`${bind},`), 'unknown key "" for type bind');
  assert.is(why('type=bind,dst=/d'), 'the key "source" is missing');
  assert.is(why('type=volume,source=v'), 'the key "destination" is missing');
  assert.is(why('type=volume,source=,dst=/d'), 'source needs a value');
  assert.is(why('type=npipe,dst=/d'), 'type=npipe: there is bind, volume, tmpfs, ramfs, image, devpts');
  assert.is(why('type=tmpfs,src=x,dst=/d'), 'source: a tmpfs has none');
  assert.is(why('type=tmpfs,dst=/d,tmpfs-mode=9'), 'tmpfs-mode=9: it is no octal mode');
  assert.is(why('type=volume,dst=/d,volume-driver=nfs'), 'volume-driver=nfs: volumes are local');
  assert.is(why('type=volume,dst=/d,volume-opt='), 'volume-opt=: it needs a value');
  assert.is(why('"type=bind'), 'a quote is out of place');
  assert.is(why('type=bind,src=/s,dst=d'), 'the path in the container, "d", is not absolute');
  assert.match(why('type=tmpfs,dst=/d,tmpfs-size=lots'), /invalid size "lots"/);
});

test.run();
