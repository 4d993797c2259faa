/**
 * The signatures that a registry's image has: by the registry's own extension (X-Registry-Supports-Signatures) or in the
 * lookaside storage of containers-registries.d(5), and those that lie beside it as cosign's. Nothing is checked here.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { signaturePlaces } from '../config/registries-d.ts';
import { errnoOf, PodError } from '../error.ts';
import { isFields, parseJson } from '../images/format/json.ts';
import type { ImageSource } from '../images/pull/source.ts';
import { canonicalName, repositoryName } from '../reference.ts';
import { readSmallBody } from './body.ts';
import { RegistryError } from './error.ts';
import { sendFollowing } from './redirect.ts';
import type { ClientOptions, Repository } from './repository.ts';

export interface ImageSignatures {
  /** OpenPGP messages (containers-signature(5)). */
  readonly simple: readonly Uint8Array[];
  /** cosign's: what was signed, and the signature in base64. */
  readonly sigstore: readonly { readonly payload: Buffer; readonly signature: string }[];
}

/** As containers/image reads: so many of an image, each so large. */
const MOST = 128;
const LARGEST = 4 << 20;
const DOING = 'fetch the signatures of';
const COSIGN_LAYER = 'application/vnd.dev.cosign.simplesigning.v1+json';
const COSIGN_SIGNATURE = 'dev.cosignproject.cosign/signature';

/** All signatures of the manifest with this digest. `client` reads the repository that they may lie in. */
export async function fetchSignatures(
  digest: string,
  remote: Repository,
  client: Pick<ImageSource, 'manifest' | 'smallBlob'>,
  { endpoint, env, transport }: ClientOptions,
): Promise<ImageSignatures> {
  const name = canonicalName(endpoint.reference);
  const places = signaturePlaces(name, repositoryName(endpoint.reference), env);
  const own = await fromExtension(digest, remote);
  const lookaside = async (base: URL): Promise<Uint8Array[]> => {
    const found: Uint8Array[] = [];
    while (found.length < MOST) {
      const path = `/${remote.path}@${digest.replace(':', '=')}/signature-${found.length + 1}`;
      const url = new URL(base);
      url.pathname = url.pathname.replace(/\/$/, '') + path;
      const one = url.protocol === 'file:' ? readLocal(url) : await fetchOne(url, remote, transport);
      if (one === undefined) break;
      found.push(one);
    }
    return found;
  };
  return {
    simple: own ?? (places.lookaside === undefined ? [] : await lookaside(places.lookaside)),
    sigstore: places.attachments ? await fromCosign(digest, client) : [],
  };
}

/** Undefined where the registry has no such extension. */
async function fromExtension(digest: string, remote: Repository): Promise<Uint8Array[] | undefined> {
  const { idleTimeout } = remote;
  const root = new URL('/v2/', await remote.url(''));
  const about = await remote.send('GET', root);
  about.body.destroy();
  if (about.headers['x-registry-supports-signatures'] !== '1') return undefined;
  const url = new URL(`/extensions/v2/${remote.path}/signatures/${digest}`, root);
  const answer = await remote.expect(await remote.send('GET', url), [200], DOING);
  const bytes = await readSmallBody(answer, idleTimeout, LARGEST, 'the signatures');
  const { signatures } = parseJson(bytes, `the signatures of ${remote.registry}`);
  if (!Array.isArray(signatures)) throw remote.failure(DOING, 'its answer lists none');
  return signatures
    .filter((one) => isFields(one) && one.schemaVersion === 2 && one.type === 'atomic')
    .slice(0, MOST)
    .map((one) => Buffer.from(String(one.content), 'base64'));
}

function readLocal(url: URL): Uint8Array | undefined {
  try {
    const bytes = readFileSync(fileURLToPath(url));
    if (bytes.length <= LARGEST) return bytes;
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(cause) ?? '')) return undefined;
    throw new PodError({
      code: 'io',
      message: `cannot read ${url.pathname}`,
      why: errnoOf(cause) ?? '',
      cause,
    });
  }
  throw new PodError({ code: 'invalid', message: `cannot use ${url.pathname}`, why: 'it is no signature' });
}

async function fetchOne(
  url: URL,
  { idleTimeout }: Repository,
  transport: ClientOptions['transport'],
): Promise<Uint8Array | undefined> {
  const headers = { 'user-agent': 'tsc-pod' };
  const answer = await sendFollowing(transport, {
    ...{ method: 'GET', url, headers, insecure: false, registry: url.host },
  });
  if (answer.status === 200) return readSmallBody(answer, idleTimeout, LARGEST, 'a signature');
  answer.body.destroy();
  if (answer.status === 404) return undefined;
  const message = `cannot fetch signatures from ${url.host}`;
  const { status } = answer;
  throw new RegistryError({
    code: 'network',
    message,
    why: `it answers ${status}`,
    status,
    registry: url.host,
  });
}

/** cosign's are the layers of an image that is named for the digest. */
async function fromCosign(
  digest: string,
  client: Pick<ImageSource, 'manifest' | 'smallBlob'>,
): Promise<ImageSignatures['sigstore']> {
  let bytes: Buffer;
  try {
    ({ bytes } = await client.manifest(`${digest.replace(':', '-')}.sig`));
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) return [];
    throw error;
  }
  const { layers } = parseJson(bytes, 'the signatures of an image');
  const found: { payload: Buffer; signature: string }[] = [];
  for (const layer of (Array.isArray(layers) ? layers : []).slice(0, MOST)) {
    const signature = layer?.annotations?.[COSIGN_SIGNATURE];
    if (layer?.mediaType !== COSIGN_LAYER || typeof signature !== 'string') continue;
    if (typeof layer.digest !== 'string' || typeof layer.size !== 'number') continue;
    found.push({ payload: await client.smallBlob(layer.digest, layer.size, LARGEST), signature });
  }
  return found;
}
