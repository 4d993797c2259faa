/**
 * The default profile, resolved and compiled when the program is built, for the sets of capabilities that are asked for
 * most: it takes milliseconds, which a container's start needn't wait for. Lines of text: the capabilities that a rule
 * depends on; then of each set its capabilities, the profile as JSON, and its program in base64.
 */
import { CAPABILITIES, DEFAULT_CAPABILITIES } from '../capabilities.ts';
import { compileSeccomp } from './compile.ts';
import { stringifyExact } from './exact-json.ts';
import type { OciSeccomp } from './oci.ts';
import { defaultProfile, resolveProfile } from './profile.ts';
import type { MachineArch } from './syscall-tables.ts';

let read: (() => string) | undefined;
let known: string[] | undefined;

/** Tells where the text of {@link compileDefaults} is; undefined: nowhere. */
export function provideCompiledDefaults(reader: (() => string) | undefined): void {
  read = reader;
  known = undefined;
}

/** The default profile for a container with these capabilities (CAP_*, the bounding set), if it is one of them. */
export function compiledProfile(bounding: readonly string[]): OciSeccomp | undefined {
  const [matters = '', ...lines] = linesOf();
  const key = keyOf(bounding, matters.split(','));
  for (let at = 0; at + 2 < lines.length; at += 3) if (lines[at] === key) return JSON.parse(lines[at + 1]!);
  return undefined;
}

/** The program of the profile that is this JSON text, if it is one of them. */
export function compiledProgram(text: string): Uint8Array | undefined {
  const lines = linesOf();
  for (let at = 2; at + 1 < lines.length; at += 3)
    if (lines[at] === text) return Buffer.from(lines[at + 1]!, 'base64');
  return undefined;
}

/** The text for a machine of this kind. */
export function compileDefaults(arch: MachineArch): string {
  const rules = defaultProfile.syscalls;
  const named = rules.flatMap(({ includes, excludes }) => [
    ...(includes?.caps ?? []),
    ...(excludes?.caps ?? []),
  ]);
  const matters = [...new Set(named)];
  const lines = [matters.join()];
  for (const more of [[], ['CAP_SYS_ADMIN'], ['CAP_SYS_PTRACE'], CAPABILITIES]) {
    const capabilities = [...new Set([...DEFAULT_CAPABILITIES, ...more])];
    const profile = resolveProfile(defaultProfile, { capabilities, arch });
    const program = Buffer.from(compileSeccomp(profile, arch));
    lines.push(keyOf(capabilities, matters), stringifyExact(profile), program.toString('base64'));
  }
  return lines.join('\n');
}

const linesOf = (): string[] => (known ??= read?.().split('\n') ?? []);

const keyOf = (capabilities: readonly string[], matters: readonly string[]): string =>
  matters.filter((name) => capabilities.includes(name)).join();
