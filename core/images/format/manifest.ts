/** Manifests and indexes from outside, checked field by field before anything believes them. */

import { PodError } from '../../error.ts';
import type { Platform } from '../../platform.ts';
import { printable } from '../../reference.ts';
import { parseDigest } from './digest.ts';
import { type Fields, invalid, isFields, isStringMap, parseJson, parseOwnJson } from './json.ts';
import {
  isForeignLayer,
  isIndexType,
  isManifestType,
  isSchema1,
  layerCompression,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-types.ts';
import type { Descriptor, Index, Manifest } from './types.ts';

/** More than any file system driver stacks; Docker stops at 127. */
export const MOST_LAYERS = 1000;
const MOST_PLATFORMS = 10_000;

export type AnyManifest =
  | { readonly kind: 'manifest'; readonly mediaType: string; readonly manifest: Manifest }
  | { readonly kind: 'index'; readonly mediaType: string; readonly index: Index };

/**
 * Reads a manifest or an index. `announced` is the media type that came with it; the document's own counts where
 * there is one, and the two may not contradict each other in kind (CVE-2021-41190).
 */
export function parseAnyManifest(bytes: Uint8Array, announced: string, what: string): AnyManifest {
  const json = parseJson(bytes, what);
  const own = typeof json.mediaType === 'string' ? json.mediaType : undefined;
  if (json.schemaVersion === 1 || isSchema1(own ?? announced)) {
    throw new PodError({
      code: 'unsupported',
      message: `cannot use ${what}`,
      why: 'it is in Docker schema 1, which was retired in 2017',
      hint: 'push it again with a current tool: skopeo copy --format oci',
    });
  }
  if (json.schemaVersion !== 2) throw invalid(what, 'its schemaVersion is not 2');
  if (Array.isArray(json.manifests) && (json.layers !== undefined || json.config !== undefined)) {
    throw invalid(what, 'it is a manifest and an index at once');
  }
  const mediaType = own ?? kindOf(announced, json);
  if (isIndexType(mediaType)) return { kind: 'index', mediaType, index: readIndexFields(json, what) };
  if (isManifestType(mediaType)) return { kind: 'manifest', mediaType, manifest: readManifest(json, what) };
  throw new PodError({
    code: 'unsupported',
    message: `cannot use ${what}`,
    why: `its media type is ${printable(mediaType)}: that is no container image`,
  });
}

/** Registries and proxies may answer text/plain: then the shape tells, OCI having no mediaType of its own. */
function kindOf(announced: string, json: Fields): string {
  if (isIndexType(announced) || isManifestType(announced)) {
    const shape = Array.isArray(json.manifests);
    return shape === isIndexType(announced) ? announced : shape ? OCI_INDEX : OCI_MANIFEST;
  }
  return Array.isArray(json.manifests) ? OCI_INDEX : OCI_MANIFEST;
}

function readManifest(json: Fields, what: string): Manifest {
  const config = readDescriptor(json.config, `the config of ${what}`);
  if (!Array.isArray(json.layers)) throw invalid(what, 'it lists no layers');
  if (json.layers.length > MOST_LAYERS) throw invalid(what, `it has more than ${MOST_LAYERS} layers`);
  const layers = json.layers.map((layer, index) => readDescriptor(layer, `layer ${index + 1} of ${what}`));
  return { ...json, schemaVersion: 2, config, layers } as Manifest;
}

function readIndexFields(json: Fields, what: string): Index {
  if (!Array.isArray(json.manifests)) throw invalid(what, 'it lists no manifests');
  if (json.manifests.length > MOST_PLATFORMS) throw invalid(what, 'it lists too many manifests');
  const manifests = json.manifests.map((entry) => readDescriptor(entry, `an entry of ${what}`));
  return { ...json, schemaVersion: 2, manifests } as Index;
}

/** An index that is known to be one. */
export function parseIndex(bytes: Uint8Array | string, what: string): Index {
  return readIndexFields(parseJson(bytes, what), what);
}

/**
 * The index.json of our own store, which is read at every start of a container: its entries are checked only so far
 * that they can be walked. What they lead to is checked when it is read.
 */
export function parseOwnIndex(text: string, what: string): Index {
  const json = parseOwnJson(text, what);
  if (!Array.isArray(json.manifests)) throw invalid(what, 'it lists no manifests');
  for (const entry of json.manifests) {
    const { annotations = {}, digest, mediaType } = isFields(entry) ? entry : {};
    const whole = typeof digest === 'string' && typeof mediaType === 'string' && isStringMap(annotations);
    if (!whole) throw invalid(what, 'it has an entry that is no descriptor');
  }
  return json as unknown as Index;
}

function readDescriptor(value: unknown, what: string): Descriptor {
  if (!isFields(value)) throw invalid(what, 'it is not a descriptor');
  parseDigest(value.digest, what);
  const { mediaType = '', size, platform, annotations } = value;
  if (typeof mediaType !== 'string') throw invalid(what, 'its media type is not a string');
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw invalid(what, 'its size is not a number of bytes');
  if (annotations !== undefined && annotations !== null && !isStringMap(annotations)) {
    throw invalid(what, 'its annotations are not strings');
  }
  if (platform !== undefined && platform !== null && !isPlatform(platform)) {
    throw invalid(what, 'its platform is not os, architecture and variant');
  }
  const { platform: _, annotations: __, ...rest } = value;
  return {
    ...rest,
    mediaType,
    ...(platform ? { platform } : {}),
    ...(annotations ? { annotations } : {}),
  } as Descriptor;
}

function isPlatform(value: unknown): value is Platform {
  if (!isFields(value)) return false;
  const { os, architecture, variant } = value;
  return (
    typeof os === 'string' &&
    typeof architecture === 'string' &&
    (variant === undefined || typeof variant === 'string')
  );
}

/** Refuses layers that can't be fetched or unpacked, with the reason of each kind. */
export function checkLayers(manifest: Manifest, what: string): void {
  for (const { mediaType } of manifest.layers) {
    if (layerCompression(mediaType) !== undefined) continue;
    const why = isForeignLayer(mediaType)
      ? 'it has a foreign layer: its content is not in the registry'
      : `it has a layer of type ${printable(mediaType)}`;
    throw new PodError({ code: 'unsupported', message: `cannot use ${what}`, why });
  }
}
