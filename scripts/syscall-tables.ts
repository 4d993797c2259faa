/**
 * Writes rootless/seccomp/syscalls-*.ts from the kernel's headers.
 *
 *   node scripts/syscall-tables.ts [ARM_INCLUDE_DIR]
 *
 * x86-64 and i386 come from Debian's linux-libc-dev, arm64 from its asm-generic/unistd.h, and 32-bit ARM from
 * ARM_INCLUDE_DIR: usr/arm-linux-gnueabihf/include of the unpacked package linux-libc-dev-armhf-cross.
 * Without it the ARM table is left as it is.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What kernels later than the headers (6.1) have added; the same number on every architecture since 5.1. */
const LATER: Record<string, number> = {
  cachestat: 451,
  fchmodat2: 452,
  map_shadow_stack: 453,
  futex_wake: 454,
  futex_wait: 455,
  futex_requeue: 456,
  statmount: 457,
  listmount: 458,
  lsm_get_self_attr: 459,
  lsm_set_self_attr: 460,
  lsm_list_modules: 461,
  mseal: 462,
  setxattrat: 463,
  getxattrat: 464,
  listxattrat: 465,
  removexattrat: 466,
  open_tree_attr: 467,
  file_getattr: 468,
  file_setattr: 469,
  listns: 470,
};

/** arch/arm64/include/uapi/asm/unistd.h: which of the generic table's optional calls arm64 has. */
const ARM64_WANTS = [
  'RENAMEAT',
  'NEW_STAT',
  'SET_GET_RLIMIT',
  'TIME32_SYSCALLS',
  'SYS_CLONE3',
  'MEMFD_SECRET',
].map((name) => `-D__ARCH_WANT_${name}`);

interface Source {
  file: string;
  constant: string;
  what: string;
  header: string;
  flags: string[];
  extra?: Record<string, number>;
}

const HOST = '/usr/include/x86_64-linux-gnu';

const SOURCES: Source[] = [
  {
    file: 'syscalls-x86_64.ts',
    constant: 'X86_64',
    what: 'x86-64',
    header: `${HOST}/asm/unistd_64.h`,
    flags: [],
    extra: { uretprobe: 335, uprobe: 336 },
  },
  { file: 'syscalls-i386.ts', constant: 'I386', what: 'i386', header: `${HOST}/asm/unistd_32.h`, flags: [] },
  {
    file: 'syscalls-aarch64.ts',
    constant: 'AARCH64',
    what: 'arm64',
    header: '/usr/include/asm-generic/unistd.h',
    flags: ['-D__LP64__', '-D__BITS_PER_LONG=64', ...ARM64_WANTS],
  },
];

const armInclude = process.argv[2];
if (armInclude !== undefined) {
  SOURCES.push({
    file: 'syscalls-arm.ts',
    constant: 'ARM',
    what: '32-bit ARM (EABI)',
    header: join(armInclude, 'asm/unistd.h'),
    flags: ['-D__ARM_EABI__', `-I${armInclude}`],
  });
}

/** Macros of these headers that are no system call. */
const NO_CALL = /^(syscalls|arch_specific_syscall|(OABI_)?SYSCALL_BASE|BASE|SYSCALL_MASK)$/;

function preprocess(flags: string[], text: string): string {
  return execFileSync('gcc', ['-E', '-P', ...flags, '-x', 'c', '-'], { input: text, encoding: 'utf8' });
}

/** The system calls that a header defines: names without their prefix, numbers with every macro expanded. */
function readHeader(header: string, flags: string[]): Map<string, number> {
  const include = `#include "${header}"\n`;
  const defines = preprocess(['-dM', ...flags], include).matchAll(/^#define (__(?:ARM_)?NR_(\w+))/gm);
  const names = [...defines].filter(([, , name]) => !NO_CALL.test(name!));
  const expanded = preprocess(flags, `${include}${names.map(([, macro]) => `@@ ${macro}\n`).join('')}`);
  // `-P` may join lines: a value lasts to the next mark.
  const values = expanded.split('@@').slice(1);
  return new Map(names.map(([, , name], index) => [name!, sum(values[index] ?? '', name!)]));
}

/** `( 0xf0000 + 5 )` -> 983045 */
function sum(expression: string, name: string): number {
  const terms = expression.replace(/[()\s]/g, '').split('+');
  const total = terms.reduce((sofar, term) => sofar + Number(term), 0);
  if (!Number.isSafeInteger(total)) throw new Error(`${name} has no number: ${expression}`);
  return total;
}

/** `read write @20 writev`: names in the order of their numbers, `@N` where the count jumps, `a=b` for two names of one number. */
function compact(table: Map<string, number>): string {
  const byNumber = new Map<number, string[]>();
  for (const [name, number] of table) byNumber.set(number, [...(byNumber.get(number) ?? []), name]);
  const words: string[] = [];
  let expected = 0;
  for (const [number, names] of [...byNumber].sort(([a], [b]) => a - b)) {
    if (number !== expected) words.push(`@${number}`);
    words.push(names.sort().join('='));
    expected = number + 1;
  }
  return words.join(' ');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1]!;
    if (line.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

for (const source of SOURCES) {
  const table = readHeader(source.header, source.flags);
  for (const [name, number] of Object.entries({ ...source.extra, ...LATER })) table.set(name, number);
  const text = [
    `/** The system calls of ${source.what}, written by scripts/syscall-tables.ts; syscall-tables.ts reads the form. */`,
    `export const ${source.constant} = \``,
    ...wrap(compact(table), 108),
    '`;',
    '',
  ].join('\n');
  writeFileSync(new URL(`../rootless/seccomp/${source.file}`, import.meta.url), text);
  console.log(`${source.file}: ${table.size} names`);
}
