/** Asking the places where an image may be, registries and their mirrors, one after the other. */

import { type Endpoint, endpointsOf } from '../../config/endpoints.ts';
import { loadRegistriesConfig, type RegistriesConfig } from '../../config/registries-conf.ts';
import { expandShortName } from '../../config/short-names.ts';
import { PodError, wholeMessage } from '../../error.ts';
import { canonicalName, type ImageReference } from '../../reference.ts';
import { openRegistry, type RegistryClient } from '../../registry/client.ts';
import { RegistryError } from '../../registry/error.ts';
import { openTransport, type Transport } from '../../registry/transport.ts';
import type { PullOptions } from './pull-options.ts';

export type PlaceOptions = Pick<
  PullOptions,
  'env' | 'tlsVerify' | 'certDir' | 'credentials' | 'onNotice' | 'signal' | 'retry'
>;

/** One place that may have it: `name` is what it is called wherever it is, endpoint.reference what it is called there. */
export interface Place {
  readonly client: RegistryClient;
  readonly endpoint: Endpoint;
  readonly name: ImageReference;
}

export interface Search {
  /** As typed: for messages. */
  readonly reference: ImageReference;
  readonly candidates: readonly ImageReference[];
  readonly config: RegistriesConfig;
  readonly transport: Transport;
  /** What can't be done when no place has it: "pull". */
  readonly verb: string;
}

/** Tries every place in turn. The last one's error is the one to tell, those before it are notices. */
export async function fromPlaces<T>(
  { reference, candidates, config, transport, verb }: Search,
  options: PlaceOptions,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  let last: PodError | undefined;
  for (const name of candidates) {
    for (const endpoint of endpointsOf(name, config)) {
      if (last !== undefined) options.onNotice?.(wholeMessage(last));
      const insecure = options.tlsVerify === undefined ? endpoint.insecure : !options.tlsVerify;
      const client = openRegistry({
        ...options,
        endpoint: { ...endpoint, insecure },
        credentials: isElsewhere(endpoint, name) ? undefined : options.credentials,
        transport,
        credentialHelpers: config.credentialHelpers,
      });
      try {
        return await work({ client, endpoint, name });
      } catch (error) {
        if (!(error instanceof PodError)) throw error;
        if (!isOfThePlace(error)) throw told(verb, name, error);
        last = error;
      }
    }
  }
  throw told(verb, candidates.length === 1 ? candidates[0]! : reference, last);
}

/** The same, by the user's own configuration and with a connection of its own. */
export async function searchPlaces<T>(
  reference: ImageReference,
  verb: string,
  options: PlaceOptions,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const config = await loadRegistriesConfig(options.env);
  const candidates = expandShortName(reference, config);
  const transport = await openTransport(options);
  try {
    return await fromPlaces({ reference, candidates, config, transport, verb }, options, work);
  } finally {
    transport.close();
  }
}

/** A mirror at another host has credentials of its own. */
function isElsewhere({ mirror, reference }: Endpoint, name: ImageReference): boolean {
  return mirror && reference.domain !== name.domain;
}

/** Whether another place may do better. */
function isOfThePlace(error: PodError): boolean {
  return error instanceof RegistryError || error.code === 'not-found' || error.code === 'invalid';
}

function told(verb: string, reference: ImageReference, error: PodError | undefined): PodError {
  const message = `cannot ${verb} ${canonicalName(reference)}`;
  if (error === undefined) return new PodError({ code: 'not-found', message });
  const why = wholeMessage(error);
  const { code, hint, exitCode } = error;
  return new PodError({ code, message, why, hint, exitCode, cause: error });
}
