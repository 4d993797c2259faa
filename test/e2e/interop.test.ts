import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { busyboxImage, command, mirrorDockerHub, podOk, skip, startRegistry, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

test.before(async () => {
  const registry = await startRegistry();
  mirrorDockerHub(registry);
  await registry.push('library/alpine:latest', busyboxImage());
  await podOk(['pull', '-q', 'alpine']);
  await podOk(['run', '--rm', '--network', 'none', BUSYBOX, 'true']);
});

const store = join(sandbox.data, 'images');

test('skopeo reads the image store in place', async () => {
  const index = JSON.parse(readFileSync(join(store, 'index.json'), 'utf8')) as {
    manifests: { annotations?: Record<string, string> }[];
  };
  const names = index.manifests.map(({ annotations }) => annotations?.['org.opencontainers.image.ref.name']);
  const name = names.find((one) => one?.includes('alpine'));
  assert.ok(name, JSON.stringify(names));
  const ran = await command(['skopeo', 'inspect', '--config', `oci:${store}:${name}`]);
  assert.equal([ran.code, ran.stderr, JSON.parse(ran.stdout).config.Cmd], [0, '', ['/bin/sh']]);
  const copy = await command([
    'skopeo',
    '--insecure-policy',
    'copy',
    '-q',
    `oci:${store}:${name}`,
    `oci-archive:${sandbox.work}/copy.tar`,
  ]);
  assert.equal(copy, ended(0));
});

test('umoci reads and unpacks it', async () => {
  const list = await command(['umoci', 'ls', '--layout', store]);
  assert.equal([list.code, list.stderr], [0, '']);
  const name = list.stdout.split('\n').find((line) => line.includes('alpine'));
  const bundle = join(sandbox.work, 'unpacked');
  const ran = await command(['umoci', 'unpack', '--rootless', '--image', `${store}:${name}`, bundle], {
    timeout: 60_000,
  });
  assert.is(ran.code, 0, ran.stderr);
  assert.match(readFileSync(join(bundle, 'rootfs/etc/passwd'), 'utf8'), /^root:/);
});

test('crun runs a copy of the bundle that a container was made from', async () => {
  const hierarchies = readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n').length;
  const hugetlb = /^hugetlb\s+0\s/m.test(readFileSync('/proc/cgroups', 'utf8'));
  if (hierarchies > 1 && hugetlb)
    skip('cgroup v2 still has hugetlb beside v1 hierarchies, which crun refuses');
  const id = await podOk([
    'run',
    '-d',
    '--network',
    'none',
    '--user',
    '65534',
    '--hostname',
    'inside',
    '-e',
    'A=b',
    '-w',
    '/tmp',
    '--read-only',
    'alpine',
    'sh',
    '-c',
    'id -u; hostname; echo $A; pwd; touch /x 2>&1; grep -E "Seccomp:|CapBnd" /proc/self/status',
  ]);
  await podOk(['wait', id]);
  const bundle = join(sandbox.work, 'bundle');
  mkdirSync(join(bundle, 'rootfs'), { recursive: true });
  cpSync(join(sandbox.data, 'containers', id, 'config.json'), join(bundle, 'config.json'));
  const [layer] = JSON.parse(
    readFileSync(join(sandbox.data, 'containers', id, 'container.json'), 'utf8'),
  ).layers;
  cpSync(join(sandbox.data, 'layers', layer, 'fs'), join(bundle, 'rootfs'), { recursive: true });
  const ran = await command([
    'crun',
    '--cgroup-manager=disabled',
    '--root',
    join(sandbox.run, 'crun'),
    'run',
    '-b',
    bundle,
    'copied',
  ]);
  assert.equal(ran, ended(0, `${await podOk(['logs', id])}\n`));
  await podOk(['rm', id]);
});

test('config.json is what the runtime specification says', async () => {
  const id = await podOk(['run', '-d', '--network', 'none', BUSYBOX, 'true']);
  const spec = JSON.parse(readFileSync(join(sandbox.data, 'containers', id, 'config.json'), 'utf8'));
  assert.equal(
    [spec.ociVersion, spec.process.args, spec.root],
    ['1.1.0', ['true'], { path: 'rootfs', readonly: false }],
  );
  writeFileSync(join(sandbox.work, 'config.json'), JSON.stringify(spec));
  await podOk(['wait', id]);
  await podOk(['rm', id]);
});

test.run();
