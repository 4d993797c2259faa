import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { namespacesOf } from '../../../../core/container/namespaces.ts';
import type { ContainerOptions } from '../../../../core/container/options.ts';
import { refusal } from './fixtures.ts';

const types = (
  options: Partial<ContainerOptions>,
  network: Parameters<typeof namespacesOf>[1] | 'host' = { type: 'network' },
) =>
  namespacesOf(options as ContainerOptions, network === 'host' ? undefined : network).map(({ type, path }) =>
    path ? `${type}:${path}` : type,
  );

test('a container has namespaces of its own, the user namespace first', () => {
  assert.equal(types({}), ['user', 'mount', 'pid', 'ipc', 'uts', 'network', 'cgroup']);
});

test("the host's are left out, but never the host's processes", () => {
  assert.equal(types({ ipc: 'host', uts: 'host', cgroupns: 'host' }, 'host'), ['user', 'mount', 'pid']);
  assert.match(
    refusal(() => types({ pid: 'host' })),
    /^unsupported: cannot use --pid host/,
  );
});

test('a network namespace may be one that is there', () => {
  assert.equal(types({}, { type: 'network', path: '/run/netns/x' })[5], 'network:/run/netns/x');
});

test('private and shareable are what there is anyway, anything else is refused', () => {
  assert.equal(types({ ipc: 'shareable', uts: '', cgroupns: 'private' }), types({}));
  for (const wish of [
    { ipc: 'container:x' },
    { uts: 'shareable' },
    { pid: 'container:x' },
    { cgroupns: 'none' },
  ])
    assert.match(
      refusal(() => types(wish)),
      /^unsupported: /,
    );
});

test.run();
