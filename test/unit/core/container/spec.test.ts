import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec, commandOf, type SpecParts } from '../../../../core/container/spec.ts';
import { noCapabilities, recordOf, refusal } from './fixtures.ts';

const parts: SpecParts = {
  args: ['sh'],
  env: ['A=1'],
  cwd: '/',
  user: { uid: 0, gid: 0, groups: [], home: '/root' },
  umask: 0o22,
  terminal: false,
  consoleSize: undefined,
  capabilities: noCapabilities,
  rlimits: [],
  noNewPrivileges: false,
  oomScoreAdj: undefined,
  seccomp: undefined,
  readonlyRoot: false,
  hostname: undefined,
  domainname: undefined,
  mounts: [],
  annotations: {},
  namespaces: [{ type: 'user' }],
  maps: recordOf('a').maps,
  sysctl: {},
  resources: {},
  maskedPaths: ['/proc/kcore'],
  readonlyPaths: ['/proc/sys'],
};

test('what was not asked for is not in the specification', () => {
  assert.equal(JSON.parse(JSON.stringify(buildSpec(parts))), {
    ociVersion: '1.1.0',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0, umask: 18 },
      args: ['sh'],
      env: ['A=1'],
      cwd: '/',
      capabilities: noCapabilities,
      rlimits: [],
      noNewPrivileges: false,
    },
    root: { path: 'rootfs', readonly: false },
    mounts: [],
    annotations: {},
    linux: {
      namespaces: [{ type: 'user' }],
      uidMappings: [{ containerID: 0, hostID: 1500, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: 1500, size: 1 }],
      sysctl: {},
      resources: {},
      maskedPaths: ['/proc/kcore'],
      readonlyPaths: ['/proc/sys'],
    },
  });
});

test('what was asked for is where the specification has it', () => {
  const spec = buildSpec({
    ...parts,
    user: { uid: 33, gid: 34, groups: [1, 2], home: '/' },
    terminal: true,
    consoleSize: { height: 24, width: 80 },
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 10, hard: Number.POSITIVE_INFINITY }],
    oomScoreAdj: 0,
    hostname: 'box',
    domainname: 'lan',
    readonlyRoot: true,
    noNewPrivileges: true,
  });
  assert.equal(spec.process.user, { uid: 33, gid: 34, umask: 18, additionalGids: [1, 2] });
  assert.equal(spec.process.consoleSize, { height: 24, width: 80 });
  assert.equal(spec.process.rlimits, [{ type: 'RLIMIT_NOFILE', soft: 10, hard: 2 ** 64 }]);
  assert.equal(
    [
      spec.process.oomScoreAdj,
      spec.hostname,
      spec.domainname,
      spec.root.readonly,
      spec.process.noNewPrivileges,
    ],
    [0, 'box', 'lan', true, true],
  );
});

test('a NUL byte in what the image says is refused before anything is made', () => {
  for (const [more, what] of [
    [{ args: ['sh', 'a\0'] }, 'command'],
    [{ env: ['A=\0'] }, 'environment variable'],
    [{ cwd: '/\0' }, 'working directory'],
    [{ mounts: [{ destination: '/\0', type: 'tmpfs' }] }, 'mount point'],
  ] as const)
    assert.match(
      refusal(() => buildSpec({ ...parts, ...more } as SpecParts)),
      new RegExp(`^invalid: cannot use the ${what} .*: it holds a NUL byte$`),
    );
});

const image = { Entrypoint: ['/entry', '-x'], Cmd: ['one', 'two'] };

test("the image's entrypoint and command run where nothing else is asked for", () => {
  assert.equal(commandOf(image, undefined, []), { entrypoint: ['/entry', '-x'], command: ['one', 'two'] });
  assert.equal(commandOf({ Cmd: ['sh'] }, undefined, []), { entrypoint: [], command: ['sh'] });
});

test("a command replaces the image's, an entrypoint drops it too", () => {
  assert.equal(commandOf(image, undefined, ['ls']), { entrypoint: ['/entry', '-x'], command: ['ls'] });
  assert.equal(commandOf(image, '/bin/sh', []), { entrypoint: ['/bin/sh'], command: [] });
  assert.equal(commandOf(image, '/bin/sh', ['-c', 'x']), { entrypoint: ['/bin/sh'], command: ['-c', 'x'] });
  assert.equal(commandOf(image, '', ['ls']), { entrypoint: [], command: ['ls'] });
});

test('an entrypoint may be a JSON array of words', () => {
  assert.equal(commandOf(image, '["a b","c"]', []).entrypoint, ['a b', 'c']);
  for (const odd of ['[', '[1]', '[a]']) assert.equal(commandOf(image, odd, []).entrypoint, [odd]);
});

test('nothing to run is an error', () => {
  for (const [config, entrypoint] of [
    [undefined, undefined],
    [{}, undefined],
    [{ Entrypoint: null, Cmd: null }, undefined],
    [image, ''],
    [image, '[]'],
  ] as const)
    assert.match(
      refusal(() => commandOf(config as typeof image, entrypoint, [])),
      /^usage: no command to run/,
    );
});

test.run();
