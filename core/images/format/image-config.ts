/** Image configs (image-spec, config.md) from outside, checked field by field before anything believes them. */

import { parseDigest } from './digest.ts';
import { type Fields, invalid, isFields, isStringMap, parseJson } from './json.ts';
import type { ImageConfig } from './types.ts';

const EXECUTION: Record<string, (value: unknown) => boolean> = {
  User: isString,
  WorkingDir: isString,
  StopSignal: isString,
  StopTimeout: isCount,
  Env: isStrings,
  Cmd: isStrings,
  Entrypoint: isStrings,
  Shell: isStrings,
  OnBuild: isStrings,
  ExposedPorts: isFields,
  Volumes: isFields,
  Labels: isStringMap,
  Healthcheck: isHealthcheck,
};

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every(isString);
}

function isHealthcheck(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { Test, Interval, Timeout, StartPeriod, StartInterval, Retries } = value;
  const numbers = [Interval, Timeout, StartPeriod, StartInterval, Retries];
  return (Test == null || isStrings(Test)) && numbers.every((item) => item === undefined || isCount(item));
}

/** Reads an image config. Fields that are null, as Go writes empty ones, are left out. */
export function parseImageConfig(bytes: Uint8Array | string, what: string): ImageConfig {
  const json = parseJson(bytes, what);
  const { rootfs, config, history } = json;
  if (!isFields(rootfs)) throw invalid(what, 'it has no rootfs: that is no container image');
  const diffIds = rootfs.diff_ids ?? [];
  if (!Array.isArray(diffIds)) throw invalid(what, 'its diff_ids are not a list');
  for (const diffId of diffIds) parseDigest(diffId, `a layer in ${what}`);
  for (const name of ['architecture', 'os', 'variant', 'created', 'author']) {
    if (json[name] != null && !isString(json[name])) throw invalid(what, `its ${name} is not a string`);
  }
  if (history != null && !(Array.isArray(history) && history.every(isFields))) {
    throw invalid(what, 'its history is not a list');
  }
  if (config != null && !isFields(config)) throw invalid(what, 'its config is not an object');
  const { config: _, history: __, ...rest } = json;
  return {
    ...rest,
    os: json.os ?? '',
    architecture: json.architecture ?? '',
    rootfs: { type: 'layers', diff_ids: diffIds },
    ...(config ? { config: readExecution(config as Fields, what) } : {}),
    ...(history ? { history } : {}),
  } as unknown as ImageConfig;
}

function readExecution(config: Fields, what: string): Fields {
  const result: Fields = {};
  for (const [name, value] of Object.entries(config)) {
    if (value === null || name === '__proto__') continue;
    const check = Object.hasOwn(EXECUTION, name) ? EXECUTION[name] : undefined;
    if (check?.(value) === false) throw invalid(what, `its config has a malformed ${name}`);
    result[name] = value;
  }
  return result;
}
