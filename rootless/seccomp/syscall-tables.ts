/**
 * System call numbers by architecture. Each table is one line of text that a script wrote from the kernel's headers.
 */
import { AARCH64 } from './syscalls-aarch64.ts';
import { ARM } from './syscalls-arm.ts';
import { I386 } from './syscalls-i386.ts';
import { X86_64 } from './syscalls-x86_64.ts';

/** An architecture that the kernel runs system calls of, as the OCI runtime specification calls it. */
export type SeccompArch = 'SCMP_ARCH_X86_64' | 'SCMP_ARCH_X86' | 'SCMP_ARCH_AARCH64' | 'SCMP_ARCH_ARM';

/** What a machine is, as `process.arch` says: `x64` or `arm64`. */
export type MachineArch = 'x64' | 'arm64';

export interface Abi {
  arch: SeccompArch;
  /** AUDIT_ARCH_* of linux/audit.h: the ELF machine, with a bit for 64-bit and one for little-endian. */
  audit: number;
  numbers: ReadonlyMap<string, number>;
}

/** A machine's own calls first, then those of the 32-bit programs that its kernel may run as well. */
export const ABIS: Record<MachineArch, readonly [Abi, ...Abi[]]> = {
  x64: [
    { arch: 'SCMP_ARCH_X86_64', audit: 0xc000003e, numbers: expand(X86_64) },
    { arch: 'SCMP_ARCH_X86', audit: 0x40000003, numbers: expand(I386) },
  ],
  arm64: [
    { arch: 'SCMP_ARCH_AARCH64', audit: 0xc00000b7, numbers: expand(AARCH64) },
    { arch: 'SCMP_ARCH_ARM', audit: 0x40000028, numbers: expand(ARM) },
  ],
};

/** `read write @20 writev=alias`: a word is the next number's names, `@N` says which number is next. */
function expand(text: string): Map<string, number> {
  const table = new Map<string, number>();
  let number = 0;
  for (const word of text.trim().split(/\s+/)) {
    if (word.startsWith('@')) {
      number = Number(word.slice(1));
      continue;
    }
    for (const name of word.split('=')) table.set(name, number);
    number += 1;
  }
  return table;
}
