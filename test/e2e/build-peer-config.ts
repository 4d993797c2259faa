/** What of two configs is compared, and how. */

export interface PeerCase {
  readonly dockerfile: string;
  readonly files?: Record<string, string>;
  /** Of `build`, for both. */
  readonly args?: string[];
  /** Fields of the config that differ, ours and theirs: each with its reason in the test. */
  readonly differs?: Record<string, { ours: unknown; theirs: unknown }>;
}

const FIELDS = [
  'User',
  'Env',
  'Cmd',
  'Entrypoint',
  'WorkingDir',
  'ExposedPorts',
  'Volumes',
  'Labels',
  'StopSignal',
  'Shell',
  'OnBuild',
  'Healthcheck',
];

type Config = Record<string, unknown>;

function plain(name: string, value: unknown): unknown {
  if (value === null || value === '' || (Array.isArray(value) && value.length === 0)) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return name === 'Env' ? [...value].sort() : value;
  const entries = Object.entries(value as Config)
    // buildah tells its version in a label.
    .filter(([key]) => key !== 'io.buildah.version')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Fields that differ. */
export function configDifferences(ours: Config, theirs: Config): Record<string, unknown> {
  const different: Record<string, unknown> = {};
  for (const name of FIELDS) {
    const pair = { ours: plain(name, ours[name]), theirs: plain(name, theirs[name]) };
    if (JSON.stringify(pair.ours) !== JSON.stringify(pair.theirs)) different[name] = pair;
  }
  return different;
}
