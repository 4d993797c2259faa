/** libseccomp as an oracle: the same rules, compiled by the library that the other runtimes use. */
import { execFileSync } from 'node:child_process';
import type { OciSeccomp } from '../../../../rootless/seccomp/oci.ts';
import { buildC } from './build-c.ts';
import { returned } from './reference.ts';

const OPS = 'NE LT LE EQ GE GT MASKED_EQ'.split(' ').map((name) => `SCMP_CMP_${name}`);
const ARCHES: Record<string, string> = {
  SCMP_ARCH_X86_64: 'x86_64',
  SCMP_ARCH_X86: 'x86',
  SCMP_ARCH_X32: 'x32',
};

let built: string | undefined;

export function compileWithLibseccomp(profile: OciSeccomp): Uint8Array {
  built ??= buildC('oracle.c', '-lseccomp');
  const lines = [`default ${returned(profile.defaultAction, profile.defaultErrnoRet).toString(16)}`];
  for (const arch of profile.architectures ?? []) lines.push(`arch ${ARCHES[arch]}`);
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
  return execFileSync(built, { input: lines.join('\n'), stdio: ['pipe', 'pipe', 'inherit'] });
}
