import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../core/error.ts';
import {
  CAPABILITIES,
  type CapabilityWishes,
  capabilityMask,
  capabilityNames,
  DEFAULT_CAPABILITIES,
  mergeCapabilities,
} from '../../../rootless/capabilities.ts';

function failure(wishes: CapabilityWishes): PodError {
  try {
    mergeCapabilities(wishes);
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

test('names and numbers are those of linux/capability.h', () => {
  assert.is(CAPABILITIES.indexOf('CAP_SYS_ADMIN'), 21);
  assert.is(CAPABILITIES.indexOf('CAP_CHECKPOINT_RESTORE'), 40);
  const header = '/usr/include/linux/capability.h';
  const defines = readFileSync(header, 'utf8').matchAll(/^#define (CAP_\w+)\s+(\d+)$/gm);
  const numbers = new Map([...defines].map(([, name, number]) => [name!, Number(number)]));
  assert.equal(
    CAPABILITIES.map((name) => numbers.get(name)),
    CAPABILITIES.map((_, number) => number),
  );
});

test('a mask and its names are each other', () => {
  assert.is(capabilityMask(['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE']), (1n << 40n) | 1n);
  assert.equal(
    capabilityNames(capabilityMask(DEFAULT_CAPABILITIES)).toSorted(),
    DEFAULT_CAPABILITIES.toSorted(),
  );
  assert.equal(capabilityNames(1n << 63n), []);
});

test('root has the default set, and nothing of it is inheritable', () => {
  const sets = mergeCapabilities({});
  assert.equal(sets.bounding.toSorted(), DEFAULT_CAPABILITIES.toSorted());
  assert.equal(sets.effective, sets.bounding);
  assert.equal(sets.permitted, sets.bounding);
  assert.equal([sets.inheritable, sets.ambient], [[], []]);
});

test('names are added and dropped in any case, with or without CAP_, in lists too', () => {
  const { bounding } = mergeCapabilities({ add: ['net_raw,CAP_SYS_time'], drop: ['cap_Kill', 'CHOWN'] });
  for (const name of ['CAP_NET_RAW', 'CAP_SYS_TIME', 'CAP_SETUID']) assert.ok(bounding.includes(name));
  for (const name of ['CAP_KILL', 'CAP_CHOWN']) assert.not(bounding.includes(name));
});

test('ALL is everything the kernel has, or nothing', () => {
  assert.is(mergeCapabilities({ add: ['all'], last: 37 }).bounding.length, 38);
  assert.equal(mergeCapabilities({ drop: ['ALL'] }).bounding, []);
  assert.equal(mergeCapabilities({ drop: ['ALL'], add: ['chown'] }).bounding, ['CAP_CHOWN']);
  assert.not(mergeCapabilities({ add: ['ALL'], drop: ['mknod'] }).bounding.includes('CAP_MKNOD'));
});

test('a privileged container has everything, but what is dropped', () => {
  assert.equal(mergeCapabilities({ privileged: true }).bounding, CAPABILITIES);
  assert.is(mergeCapabilities({ privileged: true, drop: ['bpf'], last: 40 }).bounding.length, 40);
});

test('another user than root has what was added by name and is bound by the rest', () => {
  const plain = mergeCapabilities({ root: false });
  assert.is(plain.bounding.length, DEFAULT_CAPABILITIES.length);
  assert.equal([plain.effective, plain.permitted, plain.inheritable, plain.ambient], [[], [], [], []]);
  const added = mergeCapabilities({ root: false, add: ['net_bind_service'] });
  for (const set of [added.effective, added.permitted, added.inheritable, added.ambient]) {
    assert.equal(set, ['CAP_NET_BIND_SERVICE']);
  }
  assert.equal(mergeCapabilities({ root: false, privileged: true }).ambient, []);
});

test('contradictions and unknown names are refused with what was meant', () => {
  assert.match(failure({ add: ['kill'], drop: ['CAP_KILL'] }).message, /add and drop the capability KILL/);
  assert.is(failure({ add: ['ALL'], drop: ['all'] }).code, 'usage');
  const typo = failure({ add: ['NET_ADMN'] });
  assert.is(typo.code, 'usage');
  assert.is(typo.hint, 'Did you mean NET_ADMIN?');
  assert.match(failure({ drop: ['everything-there-is'] }).hint!, /capabilities\(7\)/);
  assert.is(failure({ add: [''] }).code, 'usage');
});

test('what the kernel does not have can be dropped, but not added', () => {
  assert.is(failure({ add: ['checkpoint_restore'], last: 39 }).code, 'unsupported');
  mergeCapabilities({ drop: ['checkpoint_restore'], last: 39 });
});

test.run();
