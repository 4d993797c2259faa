import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerOptions } from '../../../../core/container/options.ts';
import { parseShare } from '../../../../core/pod/create.ts';
import { optionsInPod } from '../../../../core/pod/enter.ts';
import { infraOptions } from '../../../../core/pod/infra.ts';
import type { PodRecord } from '../../../../core/pod/record.ts';
import { failure } from '../container/fixtures.ts';

const INFRA = 'f'.repeat(64);
const POD: PodRecord = {
  version: 1,
  id: 'a'.repeat(64),
  name: 'web',
  created: '',
  labels: {},
  hostname: '',
  shared: ['ipc', 'net', 'uts'],
  infra: INFRA,
  exitPolicy: 'continue',
};
const FLAGS = {
  addHost: [],
  dns: [],
  dnsOption: [],
  dnsSearch: [],
  gidmap: [],
  uidmap: [],
  network: [],
  publish: [],
  securityOpt: [],
  sysctl: [],
};
const plain = (more: Partial<ContainerOptions> = {}): ContainerOptions => ({
  ...infraOptions('', 'x', FLAGS),
  ...more,
});
const inPod = (more: Partial<ContainerOptions> = {}, pod: Partial<PodRecord> = {}) => {
  const { network, ipc, pid, uts, cgroupns, userns, restart } = optionsInPod(plain(more), { ...POD, ...pod });
  return { network, ipc, pid, uts, cgroupns, userns, restart };
};
const JOINED = `container:${INFRA}`;
const NOTHING = {
  network: [],
  ipc: undefined,
  pid: undefined,
  uts: undefined,
  cgroupns: undefined,
  userns: undefined,
  restart: undefined,
};

test("what is shared is the infra container's, and the user namespace always", () => {
  assert.equal(inPod(), { ...NOTHING, network: [JOINED], ipc: JOINED, uts: JOINED, userns: JOINED });
  assert.equal(inPod({}, { shared: ['pid', 'cgroup'] }), {
    ...NOTHING,
    pid: JOINED,
    cgroupns: JOINED,
    userns: JOINED,
  });
  assert.equal(inPod({}, { infra: undefined, shared: [] }), NOTHING);
});

test('what is asked for by name wins, and the pod tells the restart policy otherwise', () => {
  assert.equal(inPod({ network: ['none'], ipc: 'private', restart: 'no' }, { restart: 'always' }), {
    ...NOTHING,
    network: ['none'],
    ipc: 'private',
    uts: JOINED,
    userns: JOINED,
    restart: 'no',
  });
  assert.is(inPod({}, { restart: 'always' }).restart, 'always');
});

test("what is the pod's to say is refused", () => {
  for (const more of [
    { publish: ['80'] },
    { publishAll: true },
    { hostname: 'x' },
    { userns: 'auto' },
    { gidmap: ['0:0:1'] },
  ])
    assert.is(failure(() => inPod(more)).code, 'usage', JSON.stringify(more));
  assert.is(inPod({ hostname: 'x', uts: 'private' }).uts, 'private');
  assert.equal(inPod({ publish: ['80'], network: ['slirp4netns'] }).network, ['slirp4netns']);
});

test("namespaces to share are podman's words", () => {
  assert.equal(parseShare(undefined), ['ipc', 'net', 'uts']);
  assert.equal(parseShare('+pid'), ['ipc', 'net', 'pid', 'uts']);
  assert.equal(parseShare('pid,net'), ['net', 'pid']);
  assert.equal(parseShare('none'), []);
  for (const wrong of ['network', 'net,', 'user', ' '])
    assert.is(failure(() => parseShare(wrong)).code, 'usage', wrong);
});

test.run();
