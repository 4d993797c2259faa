/** The config of an image that is made from a container. */

import type { OciSpec } from '../../../rootless/oci-spec.ts';
import type { ExecutionConfig, HistoryEntry, ImageConfig } from '../../images/format/types.ts';
import { withoutEmpty } from '../../images/new-image.ts';
import type { ContainerRecord } from '../record.ts';
import { applyChanges } from './commit-changes.ts';

/** What the engine gives each container anew. */
const ENGINE_VARIABLES = new Set(['HOME', 'HOSTNAME', 'TERM', 'container']);

const nameOf = (variable: string): string => variable.slice(0, variable.indexOf('='));

function environmentOf(spec: OciSpec, base: ExecutionConfig): string[] {
  const known = new Set((base.Env ?? []).map(nameOf));
  return spec.process.env.filter((variable) => {
    const name = nameOf(variable);
    return known.has(name) || !ENGINE_VARIABLES.has(name);
  });
}

const asKeys = (names: readonly string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, {}]));

/** How a container of the new image runs: as this one does, docker-container-commit(1). */
function executionOf(record: ContainerRecord, spec: OciSpec, base: ExecutionConfig): ExecutionConfig {
  const { entrypoint, command, labels, network, volumes, healthcheck } = record;
  const anonymous = volumes.filter((volume) => volume.anonymous).map(({ destination }) => destination);
  const exposed = { ...base.ExposedPorts, ...asKeys(network.exposed) };
  for (const { containerPort, protocol } of network.ports) exposed[`${containerPort}/${protocol}`] = {};
  const user = record.config?.user ?? base.User;
  const cwd = base.WorkingDir || spec.process.cwd !== '/' ? spec.process.cwd : undefined;
  const stopSignal = record.asked?.stopSignal ?? base.StopSignal;
  const execution: ExecutionConfig = {
    ...base,
    Env: environmentOf(spec, base),
    Entrypoint: entrypoint,
    Cmd: command,
    Labels: labels,
    ExposedPorts: exposed,
    Volumes: { ...base.Volumes, ...asKeys(anonymous) },
    ...(user && { User: user }),
    ...(cwd && { WorkingDir: cwd }),
    ...(stopSignal && { StopSignal: stopSignal }),
    ...(healthcheck && { Healthcheck: healthcheck }),
  };
  return execution;
}

export interface CommitWords {
  author?: string | undefined;
  message?: string | undefined;
  changes: readonly string[];
}

export interface CommitParts {
  record: ContainerRecord;
  spec: OciSpec;
  base: ImageConfig;
  /** "sha256:…" of the uncompressed tar of the new layer. */
  diffId: string;
  /** The new layer is all there is. */
  squash: boolean;
  docker: boolean;
}

/** The whole config. Throws PodError `usage` for a --change that can't be. */
export function commitConfig(parts: CommitParts, { author, message, changes }: CommitWords): ImageConfig {
  const { record, spec, base, diffId, squash, docker } = parts;
  const created = new Date().toISOString();
  const entry: HistoryEntry = {
    created,
    created_by: record.args.join(' '),
    ...(author && { author }),
    ...(message && { comment: message }),
  };
  const { history = [], rootfs, author: _, created: __, config: ___, ...rest } = base;
  const execution = applyChanges(executionOf(record, spec, base.config ?? {}), changes);
  return {
    ...rest,
    created,
    ...(author ? { author } : {}),
    ...(docker && { container: record.id, ...(message && { comment: message }) }),
    config: withoutEmpty(execution),
    rootfs: { type: 'layers', diff_ids: squash ? [diffId] : [...rootfs.diff_ids, diffId] },
    history: squash ? [entry] : [...history, entry],
  } as ImageConfig;
}
