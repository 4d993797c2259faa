/** RUN --mount=type=secret: what `build --secret` names, as secrets of a store that lives as long as the build. */

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { csvPairs } from '../../csv.ts';
import { callReason, errnoOf, PodError } from '../../error.ts';
import { makeSecret } from '../../secret/store.ts';
import type { ContextEnvironment } from '../context/open-context.ts';
import type { RunMount } from '../dockerfile/dockerfile.ts';
import type { BuildOptions } from '../options.ts';
import type { BuildEnvironment } from './step.ts';

type SecretMount = RunMount & { type: 'secret' };

/** Where a secret comes from. */
interface Origin {
  readonly env?: string | undefined;
  readonly src?: string | undefined;
}

/** One `--secret`: `id=x,src=file`, `id=x,env=NAME`, or `id=x`: the variable x, else the file x. Throws PodError `usage`. */
function parseSecret(text: string): { id: string; origin: Origin } {
  const refuse = (why: string): PodError =>
    new PodError({
      code: 'usage',
      message: `cannot use --secret ${text}`,
      why,
      hint: 'write it as: --secret id=name,src=file, or --secret id=name,env=VARIABLE',
    });
  const fields = new Map<string, string>();
  for (const [word, value] of csvPairs(text) ?? []) {
    const key = word.toLowerCase();
    if (!['id', 'src', 'source', 'env', 'type'].includes(key)) throw refuse(`unknown option ${key}`);
    if (value === undefined) throw refuse(`${key} needs a value`);
    fields.set(key === 'source' ? 'src' : key, value);
  }
  const id = fields.get('id');
  if (!id) throw refuse('no id is given');
  const [type, src, env] = ['type', 'src', 'env'].map((key) => fields.get(key));
  if (type !== undefined && type !== 'file' && type !== 'env')
    throw refuse(`type=${type}: there is file and env`);
  if (src !== undefined && env !== undefined) throw refuse('src and env are given');
  return { id, origin: type === 'env' ? { env: env ?? src ?? id } : { src, env } };
}

/** Refuses what can't be read, before anything is built. Throws PodError `usage` or `not-found`. */
export function checkSecrets(
  { secrets }: Pick<BuildOptions, 'secrets'>,
  { environment, workingDirectory }: Pick<ContextEnvironment, 'environment' | 'workingDirectory'>,
): void {
  for (const { id, origin } of secrets.map(parseSecret)) {
    const place = placeOf(id, origin, environment);
    if ('file' in place && !existsSync(resolve(workingDirectory, place.file)))
      throw unreadable(id, resolve(workingDirectory, place.file));
  }
}

/** The flag of `run` for a secret that was given; undefined: none was, and none is needed. */
export function secretFlag(
  build: BuildEnvironment,
  mount: SecretMount,
  kind: 'mount' | 'env',
): string | undefined {
  const given = build.options.secrets.map(parseSecret).findLast(({ id }) => id === mount.id);
  if (!given) {
    if (!mount.required) return undefined;
    throw new PodError({
      code: 'not-found',
      message: `secret ${mount.id}: not found`,
      hint: `give it: tsc-pod build --secret id=${mount.id},src=FILE …`,
    });
  }
  const name = storedSecret(build, mount.id, given.origin);
  if (kind === 'env') return `${name},type=env,target=${mount.env}`;
  const target = mount.target ?? `/run/secrets/${mount.id}`;
  const mode = mount.mode.toString(8).padStart(4, '0');
  return `${name},"target=${target.replaceAll('"', '""')}",uid=${mount.uid},gid=${mount.gid},mode=${mode}`;
}

/** Its name in the build's own store, where it is put when it is first needed. */
function storedSecret(build: BuildEnvironment, id: string, origin: Origin): string {
  const name = `s${Buffer.from(id).toString('hex').slice(0, 200)}`;
  try {
    makeSecret(build.paths, { name, data: dataOf(build, id, origin), labels: {}, replace: true });
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    const { code, why } = error;
    throw new PodError({ code, message: `cannot use the secret ${id}`, why, cause: error });
  }
  return name;
}

function dataOf(
  { environment, contextEnvironment }: BuildEnvironment,
  id: string,
  origin: Origin,
): Uint8Array {
  const place = placeOf(id, origin, environment);
  if ('variable' in place) return Buffer.from(environment[place.variable] ?? '');
  const file = resolve(contextEnvironment.workingDirectory, place.file);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw unreadable(id, file, cause);
  }
}

function placeOf(
  id: string,
  { env, src }: Origin,
  environment: NodeJS.ProcessEnv,
): { variable: string } | { file: string } {
  const variable = env ?? (src === undefined && environment[id] !== undefined ? id : undefined);
  return variable === undefined ? { file: src ?? id } : { variable };
}

function unreadable(id: string, file: string, cause?: unknown): PodError {
  const isMissing = cause === undefined || errnoOf(cause) === 'ENOENT';
  const why = `${file}: ${isMissing ? 'there is no such file' : callReason(cause)}`;
  return new PodError({ code: 'not-found', message: `cannot read the secret ${id}`, why, cause });
}
