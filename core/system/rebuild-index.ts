import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../aside.ts';
import { KEPT, nameOf, readManifestOf } from '../images/entry.ts';
import { parseImageConfig } from '../images/format/image-config.ts';
import { parseAnyManifest } from '../images/format/manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from '../images/format/media-types.ts';
import type { Descriptor } from '../images/format/types.ts';
import { blobPath, REF_NAME, readBlob } from '../images/layout.ts';
import { withLock } from '../lock.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { moveAside } from './finding.ts';

const MANIFEST_MAX = 4 << 20;

/** An entry as this program writes it: an object with one object in it. */
const ENTRY =
  /\{"mediaType":"[^"]*","digest":"sha(?:256|512):[0-9a-f]+","size":\d+(?:,"annotations":\{[^{}]*\})?[^{}]*\}/g;

/**
 * Makes index.json from what there is: the entries that are whole in the damaged file, with their names, and manifests
 * among the blobs, named as their containers know them (`names`: image id -> name), or without a name.
 */
export async function rebuildIndex(paths: Paths, names: ReadonlyMap<string, string>): Promise<void> {
  const file = join(paths.images, 'index.json');
  await withLock(join(paths.locks, 'images'), async () => {
    const found = existsSync(file) ? entriesIn(readFileSync(file, 'utf8')) : [];
    const known = new Set(found.flatMap(({ digest, annotations }) => [digest, annotations?.[KEPT.manifest]]));
    const taken = new Set(found.map(nameOf));
    const nameless = manifestsAmongBlobs(paths)
      .filter(({ digest }) => !known.has(digest))
      .map((entry) => namedByContainers(entry, names, taken));
    moveAside(paths, file, 'index');
    const manifests = [...found.filter((entry) => isImage(paths, entry)), ...nameless];
    replaceFile(file, JSON.stringify({ schemaVersion: 2, manifests }));
  });
}

/** A container remembers what its image was called. */
function namedByContainers(
  entry: Descriptor & { config: string },
  names: ReadonlyMap<string, string>,
  taken: ReadonlySet<string | undefined>,
): Descriptor {
  const { config, ...plain } = entry;
  const name = names.get(config);
  if (name === undefined || taken.has(name)) return plain;
  return { ...plain, annotations: { [REF_NAME]: name, [KEPT.id]: config } };
}

/** Of two entries with one name the last one holds. */
function entriesIn(text: string): Descriptor[] {
  const entries = new Map<string, Descriptor>();
  for (const [source] of text.matchAll(ENTRY)) {
    try {
      const entry = JSON.parse(source) as Descriptor;
      entries.set(nameOf(entry) ?? entry.digest, entry);
    } catch {
      // Damaged inside.
    }
  }
  return [...entries.values()];
}

function isImage(paths: Paths, entry: Descriptor): boolean {
  try {
    const bytes = readBlob(paths, entry.digest);
    const parsed = parseAnyManifest(bytes, entry.mediaType, entry.digest);
    if (parsed.kind === 'index') return true;
    const { config, layers } = parsed.manifest;
    parseImageConfig(readBlob(paths, config.digest), config.digest);
    return layers.every(({ digest, size }) => statSync(blobPath(paths, digest)).size === size);
  } catch {
    return false;
  }
}

/** Docker manifests are there beside their OCI form: only that is an image of the layout. */
export function manifestsAmongBlobs(paths: Paths): (Descriptor & { config: string })[] {
  const directory = join(paths.images, 'blobs/sha256');
  const found: (Descriptor & { config: string })[] = [];
  for (const hex of namesIn(directory)) {
    const { size } = statSync(join(directory, hex));
    if (!/^[0-9a-f]{64}$/.test(hex) || size > MANIFEST_MAX) continue;
    const text = readFileSync(join(directory, hex), 'utf8');
    const digest = `sha256:${hex}`;
    if (
      text.startsWith('{') &&
      text.includes('"manifests"') &&
      isImage(paths, { mediaType: OCI_INDEX, digest, size })
    )
      found.push({ mediaType: OCI_INDEX, digest, size, config: hex });
    const entry: Descriptor = { mediaType: OCI_MANIFEST, digest, size };
    if (
      text.startsWith('{') &&
      text.includes('"layers"') &&
      !text.includes('docker.distribution.manifest') &&
      isImage(paths, entry)
    )
      found.push({
        ...entry,
        config: readManifestOf(paths, entry).manifest.config.digest.replace('sha256:', ''),
      });
  }
  return found;
}
