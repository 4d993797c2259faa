/** Sending an image into a directory: `oci:`, a layout that may have others, and skopeo's `dir:`, which has one. */

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, parseDigest } from '../format/digest.ts';
import { parseAnyManifest, parseIndex } from '../format/manifest.ts';
import { OCI_INDEX } from '../format/media-types.ts';
import type { Descriptor, Index } from '../format/types.ts';
import type { ImageDestination } from '../push/destination.ts';
import { openOutputFolder } from './output-folder.ts';

const LAYOUT = '{"imageLayoutVersion":"1.0.0"}';
/** containers/image, directory transport. */
const VERSION = 'Directory Transport Version: 1.1\n';

/** A layout. `annotations` names its entry, and takes the name from whoever has it; with none it has no name. */
export function layoutDestination(
  directory: string,
  annotations: readonly Record<string, string>[],
): ImageDestination {
  const description = `oci:${directory}`;
  const folder = openOutputFolder(directory, description, ['oci-layout', 'index.json']);
  const added: Descriptor[] = [];
  const pathOf = (digest: string): string => {
    const { algorithm, hex } = parseDigest(digest, 'a blob');
    return `blobs/${algorithm}/${hex}`;
  };
  return {
    ...folder.destination(pathOf),
    async putManifest(bytes, mediaType, digest) {
      const own = digest ?? digestOf(bytes);
      await folder.write(pathOf(own), bytes);
      const entry = {
        mediaType: parseAnyManifest(bytes, mediaType, own).mediaType,
        digest: own,
        size: bytes.length,
      };
      if (digest !== undefined) return;
      added.push(
        ...(annotations.length > 0 ? annotations.map((one) => ({ ...entry, annotations: one })) : [entry]),
      );
    },
    async commit() {
      const path = join(directory, 'index.json');
      const present = existsSync(path) ? parseIndex(readFileSync(path), path) : undefined;
      const isReplaced = (entry: Descriptor): boolean => added.some((one) => isSameName(one, entry));
      const others = (present?.manifests ?? []).filter((entry) => !isReplaced(entry));
      const index: Index = {
        mediaType: OCI_INDEX,
        ...present,
        schemaVersion: 2,
        manifests: [...others, ...added],
      };
      await folder.write('oci-layout', Buffer.from(LAYOUT));
      await folder.write('index.json', Buffer.from(JSON.stringify(index)));
      folder.keep();
    },
  };
}

/** The same name, or neither has one and both are the same image. */
function isSameName(a: Descriptor, b: Descriptor): boolean {
  const [left, right] = [a, b].map(
    ({ annotations = {} }) => annotations['org.opencontainers.image.ref.name'],
  );
  return left === right && (left !== undefined || a.digest === b.digest);
}

/** skopeo's directory; what an earlier image has left in it is taken away. */
export function directoryDestination(directory: string): ImageDestination {
  const description = `dir:${directory}`;
  const folder = openOutputFolder(directory, description, ['version']);
  const kept = new Set(['version', 'manifest.json']);
  const pathOf = (digest: string): string => {
    const { hex } = parseDigest(digest, 'a blob');
    kept.add(hex);
    return hex;
  };
  return {
    ...folder.destination(pathOf),
    async putManifest(bytes, _, digest) {
      const name = digest === undefined ? 'manifest.json' : `${pathOf(digest)}.manifest.json`;
      kept.add(name);
      await folder.write(name, bytes);
    },
    async commit() {
      await folder.write('version', Buffer.from(VERSION));
      const isOurs = (name: string): boolean => /^[a-f0-9]{64,128}(?:\.manifest\.json)?$/.test(name);
      for (const name of readdirSync(directory))
        if (isOurs(name) && !kept.has(name)) rmSync(join(directory, name), { force: true });
      folder.keep();
    },
  };
}
