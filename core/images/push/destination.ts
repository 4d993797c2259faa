/** Where images can be sent: a registry's repository, a layout, an archive, a directory. */

import type { Readable } from 'node:stream';
import type { Descriptor } from '../format/types.ts';

/** The bytes of a blob, which lie in a file: they can be opened as often as is needed, from wherever it is needed. */
export interface BlobContent {
  /** The file, which holds exactly the blob and never changes: it may be copied or linked instead of read. */
  readonly path: string;
  /** Bytes from this offset on, up to `to` or the end. The caller reads them all or destroys the stream. */
  open(from?: number, to?: number): Readable;
}

/** What may spare sending a blob. */
export interface BlobHint {
  /** Full names ("quay.io/team/app") of repositories that may have it. Asked only when the blob isn't there. */
  readonly repositories: () => readonly string[];
}

/** How a destination comes to have a blob that isn't sent: it was there, or came from that repository next to it. */
export type Presence = { readonly kind: 'exists' } | { readonly kind: 'mounted'; readonly from: string };

export interface PutOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes that have arrived; may go back after a break. */
  readonly onProgress?: (bytes: number) => void;
  /** Something passing went wrong, and is tried again after so many milliseconds. */
  readonly onRetry?: (error: Error, milliseconds: number) => void;
}

/** One image is put into one destination: its blobs, then its manifest. All methods throw PodErrors. */
export interface ImageDestination {
  /** "localhost:5000/team/app:1", "oci-archive:app.tar", for messages. */
  readonly description: string;
  /** Blobs that may be put side by side; 1 for what is written from front to end. */
  readonly atOnce: number;
  /** Layers that lie uncompressed in the store are gzip-compressed for this place unless told otherwise. */
  readonly compresses: boolean;
  /** Whether the blob is there, or could be brought there without sending its bytes. Undefined: it must be put. */
  hasBlob(blob: Descriptor, hint?: BlobHint): Promise<Presence | undefined>;
  putBlob(blob: Descriptor, content: BlobContent, options: PutOptions): Promise<void>;
  /** Puts a manifest whose blobs are all there under the destination's own name, or under `digest` (its own) alone. */
  putManifest(bytes: Uint8Array, mediaType: string, digest?: string): Promise<void>;
  /** Completes the destination after the last manifest. Not called when something failed. */
  commit(): Promise<void>;
  /** Lets go of everything, whatever happened; what was not committed leaves nothing behind. */
  close(): Promise<void>;
}
