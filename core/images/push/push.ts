/** Putting an image of the store into a registry: where registries.conf says that it is, never into a mirror. */

import type { Credentials } from '../../config/credentials.ts';
import { endpointsOf } from '../../config/endpoints.ts';
import type { Environment } from '../../config/read-config.ts';
import { loadRegistriesConfig, type RegistriesConfig } from '../../config/registries-conf.ts';
import { PodError, wholeMessage } from '../../error.ts';
import { canonicalName, type ImageReference } from '../../reference.ts';
import { openRepository } from '../../registry/repository.ts';
import type { RetryPolicy } from '../../registry/retry.ts';
import { openTransport } from '../../registry/transport.ts';
import type { ImageRecord } from '../format/types.ts';
import type { ManifestList } from '../lists/manifest-list.ts';
import type { PlaceOptions } from '../pull/places.ts';
import type { ImageDestination } from './destination.ts';
import { knownRepositories } from './known-repositories.ts';
import { sendList } from './push-list.ts';
import { registryDestination } from './registry-destination.ts';
import { type SendOptions, type SentImage, sendImage } from './send-image.ts';

export interface RegistryOptions {
  readonly env: Environment;
  /** --tls-verify: false takes any certificate and plain HTTP, true neither, whatever registries.conf says. */
  readonly tlsVerify?: boolean | undefined;
  /** --cert-dir: takes the place of certs.d. */
  readonly certDir?: string | undefined;
  /** --creds: takes the place of what auth files say. */
  readonly credentials?: Credentials | undefined;
  readonly retry?: RetryPolicy | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type PushOptions = RegistryOptions & Omit<SendOptions, 'repositoriesWith'>;

/** Pushes under a full name. Errors: `denied`, `network`, `invalid`, `not-found`, `unsupported`, `interrupted`. */
export function pushImage(
  image: Pick<ImageRecord, 'digest' | 'mediaType'>,
  name: ImageReference,
  options: PushOptions,
): Promise<SentImage> {
  return push(name, options, (destination, sending) => sendImage(image, destination, sending));
}

/** Pushes a list with its images, or without them where they are there. */
export function pushList(
  list: ManifestList,
  name: ImageReference,
  { all, ...options }: PushOptions & Pick<PlaceOptions, 'onNotice'> & { readonly all: boolean },
): Promise<SentImage> {
  // What --creds says is for the registry that is pushed to, and for no other that an image is copied from.
  const places = (source: ImageReference): PlaceOptions =>
    source.domain === name.domain ? options : { ...options, credentials: undefined };
  return push(name, options, (destination, sending) =>
    sendList(list, destination, { ...sending, all, places }),
  );
}

async function push(
  name: ImageReference,
  options: PushOptions,
  send: (destination: ImageDestination, sending: SendOptions) => Promise<SentImage>,
): Promise<SentImage> {
  try {
    const config = await loadRegistriesConfig(options.env);
    return await withRegistry(name, config, options, async (destination) => {
      const repositoriesWith = knownRepositories(options.paths, config);
      const sent = await send(destination, { ...options, repositoriesWith });
      await destination.commit();
      return sent;
    });
  } catch (error) {
    throw error instanceof PodError ? told(name, error) : error;
  }
}

/** A registry's repository as a destination, for as long as `work` takes. */
async function withRegistry<T>(
  name: ImageReference,
  config: RegistriesConfig,
  options: RegistryOptions,
  work: (destination: ImageDestination) => Promise<T>,
): Promise<T> {
  const own = endpointsOf(name, config).at(-1)!;
  const insecure = options.tlsVerify === undefined ? own.insecure : !options.tlsVerify;
  const transport = await openTransport(options);
  try {
    const { credentialHelpers } = config;
    const endpoint = { ...own, insecure };
    const repository = openRepository({ ...options, endpoint, transport, credentialHelpers }, 'pull,push');
    const destination = registryDestination(repository, endpoint.reference);
    try {
      return await work(destination);
    } finally {
      await destination.close();
    }
  } finally {
    transport.close();
  }
}

function told(name: ImageReference, error: PodError): PodError {
  const message = `cannot push ${canonicalName(name)}`;
  const why = wholeMessage(error);
  const { code, exitCode } = error;
  const hint = hintFor(name, error);
  return new PodError({ code, message, why, hint, exitCode, cause: error });
}

/** Images that are made here are called localhost/…, which is no registry unless one listens there. */
function hintFor(name: ImageReference, error: PodError): string | undefined {
  if (name.domain !== 'localhost' || error.code !== 'network') return error.hint;
  return `say where to: tsc-pod push ${canonicalName(name)} REGISTRY/${name.path}`;
}
