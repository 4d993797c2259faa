/** containers-registries.d(5): where the signatures of a registry's images are. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from '../home.ts';
import { parseBlockYaml, YamlError, type YamlTable } from './block-yaml.ts';
import { registryScopes } from './policy.ts';
import { brokenConfig, configHome, dropIns, type Environment, readIfPresent } from './read-config.ts';

export interface SignaturePlaces {
  /** Base of the lookaside storage, a file:, http: or https: URL; undefined where none is set. */
  readonly lookaside: URL | undefined;
  /** Where new ones are put, where that is another place. */
  readonly staging: URL | undefined;
  /** Whether signatures that lie in the registry itself, as cosign's, count. */
  readonly attachments: boolean;
}

interface Section extends SignaturePlaces {
  readonly file: string;
}

const NAMES = new Set([
  'lookaside',
  'lookaside-staging',
  'sigstore',
  'sigstore-staging',
  'use-sigstore-attachments',
]);

/** Where the signatures of an image are, by the section that is written for the most special of its scopes. */
export function signaturePlaces(
  canonicalName: string,
  repository: string,
  env: Environment,
): SignaturePlaces {
  const sections = new Map<string, Section>();
  let fallback: Section | undefined;
  for (const file of dropIns(directoryOf(env), '.yaml')) {
    const table = readFile(file);
    for (const [name, value] of table) {
      if (name === 'default-docker') {
        if (fallback !== undefined) throw twice(file, name, fallback.file);
        fallback = readSection(file, name, value);
      } else if (name === 'docker') {
        for (const [scope, section] of asTable(file, name, value)) {
          const other = sections.get(scope);
          if (other !== undefined) throw twice(file, `docker.${scope}`, other.file);
          sections.set(scope, readSection(file, `docker.${scope}`, section));
        }
      } else throw brokenConfig(file, `${JSON.stringify(name)} is not known`);
    }
  }
  const scope = registryScopes(canonicalName, repository).find((one) => sections.has(one));
  const found = scope === undefined ? fallback : sections.get(scope);
  return found ?? { lookaside: usualLookaside(env), staging: undefined, attachments: false };
}

/** The user's directory where there is one, else the machine's. */
function directoryOf(env: Environment): string {
  const user = configHome(env);
  const own = user === undefined ? undefined : join(user, 'containers/registries.d');
  return own !== undefined && existsSync(own) ? own : '/etc/containers/registries.d';
}

function usualLookaside(env: Environment): URL | undefined {
  const home = homeOf(env);
  return home ? new URL(`file://${join(home, '.local/share/containers/sigstore')}`) : undefined;
}

function readFile(file: string): YamlTable {
  try {
    return parseBlockYaml(readIfPresent(file) ?? '');
  } catch (error) {
    if (error instanceof YamlError) throw brokenConfig(file, error.message, error);
    throw error;
  }
}

function readSection(file: string, name: string, value: YamlTable | string): Section {
  const table = asTable(file, name, value);
  for (const key of table.keys()) {
    if (!NAMES.has(key)) throw brokenConfig(file, `${name}: ${JSON.stringify(key)} is not known`);
  }
  // The names of before containers/image 5.22.
  const lookaside = table.get('lookaside') ?? table.get('sigstore');
  const staging = table.get('lookaside-staging') ?? table.get('sigstore-staging');
  const attachments = table.get('use-sigstore-attachments') ?? 'false';
  if (attachments !== 'true' && attachments !== 'false')
    throw brokenConfig(file, `${name}.use-sigstore-attachments is not true or false`);
  return {
    file,
    lookaside: lookaside === undefined ? undefined : readUrl(file, `${name}.lookaside`, lookaside),
    staging: staging === undefined ? undefined : readUrl(file, `${name}.lookaside-staging`, staging),
    attachments: attachments === 'true',
  };
}

function readUrl(file: string, name: string, value: YamlTable | string): URL {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url !== null && ['file:', 'http:', 'https:'].includes(url.protocol)) return url;
  throw brokenConfig(file, `${name} is no file:, http: or https: URL`);
}

function asTable(file: string, name: string, value: YamlTable | string): YamlTable {
  if (value instanceof Map) return value;
  throw brokenConfig(file, `${name} is not a mapping`);
}

function twice(file: string, name: string, other: string): Error {
  return brokenConfig(file, `${name} is also in ${other}`);
}
