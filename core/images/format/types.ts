/** Shapes of the OCI image format as they lie in the store (image-spec 1.1), with the fields Docker adds. */

import type { Platform } from '../../platform.ts';

/** descriptor.md: what a blob is, how long, and its digest. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  /** Bytes. */
  size: number;
  annotations?: Record<string, string>;
  platform?: Platform & { 'os.version'?: string; 'os.features'?: string[] };
  urls?: string[];
  artifactType?: string;
}

/** manifest.md; Docker's schema 2 has the same shape. */
export interface Manifest {
  schemaVersion: 2;
  mediaType?: string;
  config: Descriptor;
  layers: Descriptor[];
  annotations?: Record<string, string>;
}

/** image-index.md; Docker's manifest list has the same shape, and so has a layout's index.json. */
export interface Index {
  schemaVersion: 2;
  mediaType?: string;
  manifests: Descriptor[];
  annotations?: Record<string, string>;
}

/** Docker's HEALTHCHECK; times in nanoseconds. Test is ["NONE"], ["CMD", …argv] or ["CMD-SHELL", line]. */
export interface Healthcheck {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/** config.md, the execution parameters: the defaults of a container made from the image. */
export interface ExecutionConfig {
  User?: string;
  ExposedPorts?: Record<string, object>;
  Env?: string[];
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  Volumes?: Record<string, object> | null;
  WorkingDir?: string;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
  Healthcheck?: Healthcheck;
  /** Seconds. */
  StopTimeout?: number;
  Shell?: string[];
  OnBuild?: string[] | null;
  ArgsEscaped?: boolean;
}

export interface HistoryEntry {
  created?: string;
  created_by?: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** config.md: the JSON that the image's id is the digest of. */
export interface ImageConfig {
  created?: string;
  author?: string;
  architecture: string;
  os: string;
  variant?: string;
  'os.version'?: string;
  config?: ExecutionConfig;
  rootfs: { type: 'layers'; diff_ids: string[] };
  history?: HistoryEntry[];
}

export interface LayerRecord {
  /** "sha256:<hex>" of the blob as it is stored, compressed. */
  digest: string;
  /** Bytes of that blob. */
  size: number;
  mediaType: string;
}

/** One image of the store. */
export interface ImageRecord {
  /** Hex digits of the config's digest: what `images --no-trunc` shows after "sha256:". */
  id: string;
  /** Canonical names ("docker.io/library/alpine:latest", "…@sha256:…"); none for a dangling image. */
  names: string[];
  /** Digest of the manifest as the registry has it. */
  digest: string;
  /** Digest of the list that the manifest was chosen from, when there was one. */
  listDigest: string | undefined;
  /** The manifest's media type as the registry has it. */
  mediaType: string;
  /** RFC 3339, as the config says; undefined when it doesn't. */
  created: string | undefined;
  /** Bytes of the unpacked layers; of the stored blobs where that isn't known. */
  size: number;
  platform: Platform;
  config: ImageConfig;
  /** "sha256:<hex>" of each uncompressed layer, the lowest first: the keys of `layers/`. */
  diffIds: string[];
  /** Beside diffIds, the stored blobs. */
  layers: LayerRecord[];
}
