import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  MASKED_PATHS,
  parseSecurityOptions,
  READONLY_PATHS,
} from '../../../../../core/container/flags/security-options.ts';
import { PodError } from '../../../../../core/error.ts';

function failure(values: string[], selinux?: boolean): PodError {
  try {
    parseSecurityOptions(values, selinux === undefined ? {} : { selinux: () => selinux });
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  throw new Error(`${values} was accepted`);
}

test('without options there is the default filter, and what says too much of the host is hidden', () => {
  assert.equal(parseSecurityOptions([]), {
    seccomp: 'default',
    noNewPrivileges: false,
    maskedPaths: [...MASKED_PATHS],
    readonlyPaths: [...READONLY_PATHS],
    procOptions: [],
  });
});

test('a privileged container has none of it, but what is asked for', () => {
  const options = parseSecurityOptions(['seccomp=p.json', 'mask=/proc/cpuinfo'], { privileged: true });
  assert.equal(options.seccomp, { file: 'p.json' });
  assert.equal(options.maskedPaths, ['/proc/cpuinfo']);
  assert.equal(options.readonlyPaths, []);
  assert.is(parseSecurityOptions([], { privileged: true }).seccomp, 'unconfined');
});

test('seccomp takes a file, unconfined or builtin, after = or :', () => {
  assert.is(parseSecurityOptions(['seccomp=unconfined']).seccomp, 'unconfined');
  assert.is(parseSecurityOptions(['seccomp:unconfined']).seccomp, 'unconfined');
  assert.is(parseSecurityOptions(['seccomp=builtin'], { privileged: true }).seccomp, 'default');
  assert.equal(parseSecurityOptions(['seccomp=/a:b=c.json']).seccomp, { file: '/a:b=c.json' });
  assert.equal(parseSecurityOptions(['seccomp=a', 'seccomp=b']).seccomp, { file: 'b' });
});

test('no-new-privileges is a word or has a truth value', () => {
  const read = (value: string) => parseSecurityOptions([value]).noNewPrivileges;
  assert.ok(read('no-new-privileges'));
  assert.ok(read('no-new-privileges:true'));
  assert.ok(read('no-new-privileges=1'));
  assert.not(read('no-new-privileges=false'));
  assert.match(failure(['no-new-privileges=maybe']).why!, /true or false/);
});

test('paths are hidden and shown by list and by pattern', () => {
  const { maskedPaths, readonlyPaths } = parseSecurityOptions([
    'mask=/proc/cpuinfo:/proc/meminfo/',
    'unmask=/proc/a*:/sys/firmware:/proc/sys',
  ]);
  for (const path of ['/proc/cpuinfo', '/proc/meminfo', '/proc/kcore']) assert.ok(maskedPaths.includes(path));
  for (const path of ['/proc/acpi', '/proc/asound', '/sys/firmware']) assert.not(maskedPaths.includes(path));
  assert.equal(readonlyPaths, ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sysrq-trigger']);
});

test('unmask=ALL and systempaths=unconfined show everything, but what mask names', () => {
  for (const option of ['unmask=ALL', 'unmask=all', 'systempaths=unconfined']) {
    const options = parseSecurityOptions([option]);
    assert.equal([options.maskedPaths, options.readonlyPaths], [[], []]);
  }
  assert.equal(parseSecurityOptions(['mask=/proc/kcore', 'unmask=ALL']).maskedPaths, ['/proc/kcore']);
});

test('options for /proc are a list', () => {
  assert.equal(parseSecurityOptions(['proc-opts=hidepid=2,subset=pid']).procOptions, [
    'hidepid=2',
    'subset=pid',
  ]);
});

test('an AppArmor profile is refused, to be unconfined is not', () => {
  parseSecurityOptions(['apparmor=unconfined']);
  assert.is(failure(['apparmor=mine']).code, 'unsupported');
});

test('an SELinux label is taken in silence only where SELinux is off', () => {
  parseSecurityOptions(['label=disable', 'label=type:spc_t', 'label:level:s0:c1'], { selinux: () => false });
  parseSecurityOptions(['label=disable'], { selinux: () => true });
  assert.is(failure(['label=type:spc_t'], true).code, 'unsupported');
  assert.is(failure(['label=wrong']).code, 'usage');
});

test('what is no security option is refused with the ones that are', () => {
  const error = failure(['secomp=unconfined']);
  assert.is(error.code, 'usage');
  assert.match(error.hint!, /seccomp, no-new-privileges/);
  assert.is(failure(['']).code, 'usage');
  assert.match(failure(['seccomp=']).why!, /needs a value/);
  assert.match(failure(['mask=proc']).why!, /no absolute path/);
});

test.run();
