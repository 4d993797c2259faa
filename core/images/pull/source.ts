/**
 * Where an image can be had: a registry's repository, a layout, an archive. All are read by one path (fetch-image.ts),
 * so that what comes from any of them is verified, locked, resumed and unpacked alike.
 */

import type { RetryPolicy } from '../../registry/retry.ts';
import type { ImageSignatures } from '../../registry/signatures.ts';

/** As containers-transports(5) and policy.json name them. */
export type TransportName =
  | 'docker'
  | 'oci'
  | 'oci-archive'
  | 'docker-archive'
  | 'dir'
  | 'containers-storage'
  | 'tarball';

export interface SourceManifest {
  readonly bytes: Buffer;
  /** As the source names it, without parameters; "" when it doesn't. */
  readonly mediaType: string;
  /** Computed from the bytes. */
  readonly digest: string;
}

export interface BlobBody {
  /** The blob from this byte on. */
  readonly from: number;
  /** Each is good until the next is asked for. */
  readonly chunks: AsyncIterable<Buffer>;
}

export interface ImageSource {
  readonly transport: TransportName;
  /** For messages: "localhost:5000/team/app", "oci-archive:/tmp/x.tar". */
  readonly description: string;
  /** How often what broke off is tried again; errors that can be are RegistryErrors that say so. */
  readonly retry: RetryPolicy;
  /** A manifest or index by tag or digest, of 4 MiB at most; the one that the source stands for when undefined. */
  manifest(tagOrDigest: string | undefined): Promise<SourceManifest>;
  /** A small blob as a whole, verified. */
  smallBlob(digest: string, size: number, limit: number): Promise<Buffer>;
  /** One try to open a blob at an offset; the answer may start earlier. Neither retried nor verified. */
  openBlob(digest: string, from: number, signal?: AbortSignal): Promise<BlobBody>;
  /** The signatures of a manifest, unchecked; absent where the transport has no place for any. */
  signatures?(digest: string): Promise<ImageSignatures>;
}
