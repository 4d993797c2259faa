import { hostIdMap, mapPlan } from '../../../rootless/id-map.ts';
import { readAsset } from '../../assets.ts';
import type { Credentials } from '../../config/credentials.ts';
import type { Environment } from '../../config/read-config.ts';
import type { ChooseName } from '../../config/short-names.ts';
import { launcherPath } from '../../launcher.ts';
import type { Paths } from '../../paths.ts';
import { hostPlatform, parsePlatform, platformMatches } from '../../platform.ts';
import { parseReference } from '../../reference.ts';
import { emitImageEvent } from '../events.ts';
import { noSuchImage, resolveImage, resolveNameless } from '../find.ts';
import type { ImageRecord } from '../format/types.ts';
import { requirePlatform } from '../require-platform.ts';
import type { Namespace } from '../unpack/apply-job.ts';
import type { LayerProgress } from './fetch-layer.ts';
import type { PullPolicy } from './pull-options.ts';

export interface ObtainOptions {
  paths: Paths;
  policy: PullPolicy;
  /** `linux/arm64`; this machine's unless told. */
  platform?: string | undefined;
  /** What is for another machine gets no name: names go on meaning what runs here. */
  nativeNames?: boolean;
  env: Environment;
  tlsVerify?: boolean | undefined;
  certDir?: string | undefined;
  signaturePolicy?: string | undefined;
  credentials?: Credentials | undefined;
  choose?: ChooseName | undefined;
  onProgress?: (progress: LayerProgress) => void;
  onNotice?: (text: string) => void;
  /** Called before the network is asked. */
  onPull?: (name: string) => void;
  signal?: AbortSignal | undefined;
}

/** Layers are unpacked as root of the user's namespace, with the default map. */
export function layerNamespace(): Namespace {
  return { launcher: launcherPath(), maps: mapPlan(hostIdMap()) };
}

/** The image of a name, id or transport, complete in the store: what `run IMAGE` means. */
export async function obtainImage(name: string, options: ObtainOptions): Promise<ImageRecord> {
  const { paths, policy } = options;
  const platform = options.platform === undefined ? undefined : parsePlatform(options.platform);
  const mayBeStored = policy === 'missing' || policy === 'never';
  const present = mayBeStored ? resolveImage(paths, name, platform) : undefined;
  if (present && (!platform || platformMatches(present.platform, platform))) return present;
  const reference = parseReference(name); // an id, which is none, means what is stored
  const foreign = platform && !platformMatches(hostPlatform(), platform) ? platform : undefined;
  const nameless = options.nativeNames === true && foreign !== undefined;
  if (mayBeStored && nameless && reference.kind === 'registry') {
    const kept = resolveNameless(paths, reference, foreign);
    if (kept) return kept;
  }
  if (reference.kind === 'builtin') {
    const { loadBuiltin } = await import('../builtin.ts');
    const image = await loadBuiltin(reference.name, paths, layerNamespace(), readAsset);
    requirePlatform(image, platform, 'use', name);
    return image;
  }
  if (policy === 'never') throw noSuchImage(name);
  if (reference.kind === 'transport') {
    const { fetchReference } = await import('../transports/load.ts');
    return fetchReference(reference, { ...options, platform, nameless, namespace: layerNamespace });
  }
  const { pullImage } = await import('./pull.ts');
  options.onPull?.(name);
  const image = await pullImage(reference, { ...options, platform, nameless, namespace: layerNamespace });
  emitImageEvent(paths, 'pull', image.names[0] ?? name);
  return image;
}
