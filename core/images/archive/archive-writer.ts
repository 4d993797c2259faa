/**
 * An archive of images as they are stored: an OCI layout (image-spec, image-layout.md), and beside it Docker's
 * manifest.json (moby, image/spec/v1.2.md), so that one file is both, as Docker writes it since version 25. Blobs go in
 * unchanged.
 */

import { digestOf, parseDigest } from '../format/digest.ts';
import { parseAnyManifest } from '../format/manifest.ts';
import { OCI_INDEX } from '../format/media-types.ts';
import type { Descriptor, Index } from '../format/types.ts';
import { REF_NAME } from '../layout.ts';
import type { ImageDestination } from '../push/destination.ts';
import { CONTAINERD_NAME } from '../transports/layout.ts';
import type { TarOutput } from './tar-output.ts';

export interface ArchiveWriter {
  /** Where one image is sent, to have these names. Its commit and close do nothing: the archive's count. */
  destination(names: readonly string[]): ImageDestination;
  commit(): Promise<void>;
  close(): Promise<void>;
}

/** What Docker's readers look for. */
interface DockerItem {
  Config: string;
  RepoTags: string[];
  Layers: string[];
}

export interface ArchiveKind {
  /** "oci-archive:/tmp/x.tar", for messages. */
  readonly description: string;
  /** With manifest.json. */
  readonly docker: boolean;
  /** The annotations that name an entry of index.json. */
  readonly annotate: (name: string) => Record<string, string>;
}

/** The whole name, for skopeo, podman and containerd alike. */
export function wholeName(name: string): Record<string, string> {
  return { [CONTAINERD_NAME]: name, [REF_NAME]: name };
}

export function archiveWriter(output: TarOutput, kind: ArchiveKind): ArchiveWriter {
  const written = new Set<string>();
  const entries: Descriptor[] = [];
  const items = new Map<string, DockerItem>();

  async function prepare(): Promise<void> {
    if (written.size > 0) return;
    await output.directory('blobs');
    await output.directory('blobs/sha256');
  }

  async function putManifest(
    bytes: Uint8Array,
    mediaType: string,
    digest: string,
    names: readonly string[] | undefined,
  ): Promise<void> {
    const parsed = parseAnyManifest(bytes, mediaType, digest);
    await prepare();
    if (!written.has(digest)) await output.put(pathOf(digest), bytes);
    written.add(digest);
    if (names === undefined) return; // the list that it is in has the name
    const entry = { mediaType: parsed.mediaType, digest, size: bytes.length };
    const named = names.map((name) => ({ ...entry, annotations: kind.annotate(name) }));
    const known = entries.some((other) => other.digest === digest);
    entries.push(...(names.length > 0 || known ? named : [entry]));
    if (parsed.kind !== 'manifest') return;
    const { config, layers } = parsed.manifest;
    const item = items.get(digest) ?? { Config: pathOf(config.digest), RepoTags: [], Layers: [] };
    item.Layers = layers.map((layer) => pathOf(layer.digest));
    for (const name of names) if (!item.RepoTags.includes(name)) item.RepoTags.push(name);
    items.set(digest, item);
  }

  return {
    destination: (names) => ({
      description: kind.description,
      atOnce: 1,
      compresses: false,
      hasBlob: async ({ digest }) => (written.has(digest) ? { kind: 'exists' } : undefined),
      async putBlob({ digest, size }, content, { signal, onProgress }) {
        await prepare();
        await output.copy(pathOf(digest), content.path, size, signal);
        written.add(digest);
        onProgress?.(size);
      },
      putManifest: (bytes, mediaType, digest) =>
        putManifest(bytes, mediaType, digest ?? digestOf(bytes), digest === undefined ? names : undefined),
      commit: async () => {},
      close: async () => {},
    }),
    async commit() {
      const index: Index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries };
      await output.put('index.json', Buffer.from(JSON.stringify(index)));
      if (kind.docker) await output.put('manifest.json', Buffer.from(JSON.stringify([...items.values()])));
      await output.put('oci-layout', Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
      await output.finish();
    },
    close: () => output.close(),
  };
}

function pathOf(digest: string): string {
  const { algorithm, hex } = parseDigest(digest, 'a blob');
  return `blobs/${algorithm}/${hex}`;
}
