/** libseccomp as an oracle: the same rules, compiled by the library that the other runtimes use. */
import { execFileSync } from 'node:child_process';
import type { OciSeccomp } from '../../../../rootless/seccomp/oci.ts';
import type { Abi, MachineArch } from '../../../../rootless/seccomp/syscall-tables.ts';
import { buildC } from './build-c.ts';
import { returned } from './reference.ts';

const OPS = 'NE LT LE EQ GE GT MASKED_EQ'.split(' ').map((name) => `SCMP_CMP_${name}`);
const ARCHES: Record<string, string> = {
  SCMP_ARCH_X86_64: 'x86_64',
  SCMP_ARCH_X86: 'x86',
  SCMP_ARCH_X32: 'x32',
  SCMP_ARCH_AARCH64: 'aarch64',
  SCMP_ARCH_ARM: 'arm',
};

let built: string | undefined;

function ask(words: string): Buffer {
  built ??= buildC('oracle.c', '-lseccomp');
  return execFileSync(built, { input: words, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** The library's numbers of the calls that it knows. */
export function numbersOf(abi: Abi): Map<string, number> {
  const words = [...abi.numbers.keys()].map((name) => `resolve ${name} ${abi.audit.toString(16)}`);
  const lines = ask(words.join('\n')).toString().trim().split('\n');
  return new Map(lines.map((line) => line.split(' ')).map(([name, number]) => [name!, Number(number)]));
}

export function compileWithLibseccomp(profile: OciSeccomp, machine: MachineArch): Uint8Array {
  const lines = [`default ${returned(profile.defaultAction, profile.defaultErrnoRet).toString(16)}`];
  for (const arch of profile.architectures ?? []) lines.push(`arch ${ARCHES[arch]}`);
  if (machine !== process.arch) lines.push('foreign');
  for (const rule of profile.syscalls ?? []) {
    // Neither runc nor crun hands such a rule to the library, which would refuse it.
    if (returned(rule.action, rule.errnoRet) === returned(profile.defaultAction, profile.defaultErrnoRet))
      continue;
    for (const name of rule.names) {
      const args = (rule.args ?? []).map((arg) => {
        const op = OPS.indexOf(arg.op) + 1;
        return `${arg.index} ${op} ${arg.value.toString(16)} ${(arg.valueTwo ?? 0).toString(16)}`;
      });
      lines.push(
        `rule ${returned(rule.action, rule.errnoRet).toString(16)} ${name} ${args.length} ${args.join(' ')}`,
      );
    }
  }
  return ask(lines.join('\n'));
}
