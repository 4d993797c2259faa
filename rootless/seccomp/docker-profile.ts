/** Seccomp profiles in Docker's JSON format, and what may be wrong with a file that should be one. */
import { constants } from 'node:os';
import { PodError } from '../../core/error.ts';
import { ACTIONS, withoutAgent } from './actions.ts';
import { at, type Checker, invalid } from './check-json.ts';
import { COMPARISONS } from './conditions.ts';
import { parseExact } from './exact-json.ts';
import type { OciSeccomp, OciSyscallArg, OciSyscallRule } from './oci.ts';

/** What a rule depends on: it is left out unless all of `includes` and none of `excludes` are so. */
export interface Filter {
  /** CAP_*: in the container's bounding set. */
  caps?: string[];
  /** As in Go: amd64, arm64, x86, arm. */
  arches?: string[];
  /** `4.8`: this kernel or a later one. */
  minKernel?: string;
}

export interface DockerRule extends OciSyscallRule {
  includes?: Filter;
  excludes?: Filter;
}

export interface DockerProfile extends Omit<OciSeccomp, 'syscalls'> {
  archMap?: { architecture: string; subArchitectures: string[] }[];
  syscalls: DockerRule[];
}

const ARCH = /^SCMP_ARCH_[A-Z0-9_]+$/;

/** seccomp(2), without SECCOMP_FILTER_FLAG_: they change how a filter is loaded, not what it decides. */
const FLAGS = ['LOG', 'SPEC_ALLOW', 'TSYNC', 'WAIT_KILLABLE_RECV'].map(
  (flag) => `SECCOMP_FILTER_FLAG_${flag}`,
);

/** The profile of a file's text. @throws PodError 'invalid' with the path, as in `syscalls[3].args[0].op`, of what is wrong. */
export function parseProfile(text: string, file: string): DockerProfile {
  try {
    return checkProfile(parseExact(text));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof PodError)) throw error;
    throw new PodError({
      code: error instanceof PodError ? error.code : 'invalid',
      message: `cannot use the seccomp profile ${file}`,
      why: error instanceof PodError ? error.why! : `it is not JSON: ${error.message}`,
      ...(error instanceof PodError && error.hint !== undefined ? { hint: error.hint } : {}),
      cause: error,
    });
  }
}

/** The same for JSON that was read already. */
export function checkProfile(json: unknown): DockerProfile {
  const top = at('', json).object();
  const architectures = top.optional('architectures')?.list((one) => one.matching(ARCH, 'SCMP_ARCH_*'));
  const archMap = top.optional('archMap')?.list((entry) => {
    const map = entry.object();
    return {
      architecture: map.required('architecture').matching(ARCH, 'SCMP_ARCH_*'),
      subArchitectures:
        map.optional('subArchitectures')?.list((one) => one.matching(ARCH, 'SCMP_ARCH_*')) ?? [],
    };
  });
  if (architectures?.length && archMap?.length) throw invalid('architectures and archMap are both given');
  const defaultErrno = errnoOf(top.optional('defaultErrnoRet'), top.optional('defaultErrno'));
  const flags = top.optional('flags')?.list((flag) => flag.oneOf(FLAGS));
  const listenerPath = top.optional('listenerPath')?.text();
  if (listenerPath) throw withoutAgent(`listenerPath is ${JSON.stringify(listenerPath)}`);
  return {
    defaultAction: actionOf(top.required('defaultAction')),
    ...(defaultErrno === undefined ? {} : { defaultErrnoRet: defaultErrno }),
    ...(architectures?.length ? { architectures } : {}),
    ...(archMap === undefined ? {} : { archMap }),
    ...(flags?.length ? { flags } : {}),
    syscalls: top.optional('syscalls')?.list(checkRule) ?? [],
  };
}

function actionOf(entry: Checker): string {
  if (entry.text() === 'SCMP_ACT_NOTIFY') throw withoutAgent(`${entry.path} is SCMP_ACT_NOTIFY`);
  return entry.oneOf(ACTIONS);
}

function checkRule(entry: Checker): DockerRule {
  const rule = entry.object();
  const name = rule.optional('name')?.text();
  const names = rule.optional('names')?.list((one) => one.text()) ?? [];
  if (name && names.length > 0) throw invalid(`${entry.path} has both name and names`);
  const errnoRet = errnoOf(rule.optional('errnoRet'), rule.optional('errno'));
  const args = rule.optional('args')?.list(checkArg);
  const filters = (['includes', 'excludes'] as const).flatMap((key) => {
    const filter = rule.optional(key);
    return filter === undefined ? [] : [[key, checkFilter(filter)]];
  });
  return {
    names: name ? [name] : names,
    action: actionOf(rule.required('action')),
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args?.length ? { args } : {}),
    ...Object.fromEntries(filters),
  };
}

function checkArg(entry: Checker): OciSyscallArg {
  const arg = entry.object();
  const valueTwo = arg.optional('valueTwo')?.word();
  return {
    index: arg.required('index').integer(0, 5),
    value: arg.required('value').word(),
    ...(valueTwo === undefined ? {} : { valueTwo }),
    op: arg.required('op').oneOf(COMPARISONS),
  };
}

function checkFilter(entry: Checker): Filter {
  const filter = entry.object();
  const caps = filter.optional('caps')?.list((one) => one.matching(/^CAP_[A-Z_]+$/, 'CAP_*'));
  const arches = filter.optional('arches')?.list((one) => one.text());
  const minKernel = filter.optional('minKernel')?.matching(/^\d+\.\d+$/, 'a version like 4.8');
  return {
    ...(caps?.length ? { caps } : {}),
    ...(arches?.length ? { arches } : {}),
    ...(minKernel === undefined ? {} : { minKernel }),
  };
}

/** The number, or else the name (containers-common writes both). The kernel knows errnos up to 4095. */
function errnoOf(number: Checker | undefined, name: Checker | undefined): number | undefined {
  if (number !== undefined) return number.integer(0, 4095);
  const text = name?.text();
  if (name === undefined || !text) return undefined;
  const value = Object.entries(constants.errno).find(([known]) => known === text)?.[1];
  if (value === undefined) throw invalid(`${name.path} is ${JSON.stringify(text)}, which is no errno`);
  return value;
}
