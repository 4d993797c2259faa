import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isList, KEPT, nameOf, readManifestOf, sourcesOf } from '../images/entry.ts';
import { parseDigest } from '../images/format/digest.ts';
import { parseImageConfig } from '../images/format/image-config.ts';
import { parseOwnIndex } from '../images/format/manifest.ts';
import type { Descriptor } from '../images/format/types.ts';
import { blobPath, blobSize, readBlob, updateIndex } from '../images/layout.ts';
import { listMembers } from '../images/list.ts';
import type { Paths } from '../paths.ts';
import { familiarName, parseReference } from '../reference.ts';
import { checkContainers } from './check-containers.ts';
import { type Finding, keepAside, moveAside, reasonOf } from './finding.ts';
import { manifestsAmongBlobs, rebuildIndex } from './rebuild-index.ts';

export interface CheckedImages {
  findings: Finding[];
  /** Diff ids of the images that can be read -> the blob that has the layer, where that is whole. */
  layers: Map<string, Descriptor | undefined>;
}

/** The image layout: its marker, its index, and the blobs that the index leads to. `quick`: sizes instead of digests. */
export async function checkImages(paths: Paths, quick: boolean): Promise<CheckedImages> {
  const result: CheckedImages = { findings: [...checkMarker(paths)], layers: new Map() };
  const file = join(paths.images, 'index.json');
  let entries: readonly Descriptor[];
  try {
    entries = parseOwnIndex(readFileSync(file, 'utf8'), file).manifests;
  } catch (error) {
    // A first pull that was killed has blobs, and lost nothing.
    if (existsSync(file) || manifestsAmongBlobs(paths).length > 0)
      result.findings.push(brokenIndex(paths, error));
    return result;
  }
  const verdicts = new Map<string, Promise<string | undefined>>();
  const verdictOf = (blob: Descriptor) => {
    const known = verdicts.get(blob.digest) ?? blobProblem(paths, blob, quick);
    verdicts.set(blob.digest, known);
    return known;
  };
  for (const entry of entries) await checkEntry(paths, entry, verdictOf, result);
  return result;
}

function checkMarker(paths: Paths): Finding[] {
  const file = join(paths.images, 'oci-layout');
  if (!existsSync(paths.images) || !existsSync(join(paths.images, 'index.json'))) return [];
  try {
    if (typeof JSON.parse(readFileSync(file, 'utf8')).imageLayoutVersion === 'string') return [];
  } catch {
    // Missing or damaged: one finding.
  }
  const mend = () => writeFileSync(file, '{"imageLayoutVersion":"1.0.0"}');
  return [
    { type: 'layout', id: 'oci-layout', problem: 'it is missing or damaged', repair: 'write it anew', mend },
  ];
}

function brokenIndex(paths: Paths, error: unknown): Finding {
  return {
    type: 'index',
    id: 'index.json',
    problem: reasonOf(error),
    repair: 'put it aside and list the images that can be found in its remains and among the blobs',
    mend: () => rebuildIndex(paths, namesInContainers(paths)),
  };
}

/** Image id -> name. */
function namesInContainers(paths: Paths): Map<string, string> {
  const { records } = checkContainers(paths);
  const named = records.filter(({ image }) => image && image.name !== image.id);
  return new Map(named.map(({ image }) => [image.id, image.name]));
}

/** What is wrong with a blob, undefined for a whole one. */
async function blobProblem(
  paths: Paths,
  { digest, size }: Descriptor,
  quick: boolean,
): Promise<string | undefined> {
  const path = blobPath(paths, digest);
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return 'is missing';
  if (found.size !== size) return `has ${found.size} bytes instead of ${size}`;
  if (quick) return undefined;
  const { algorithm, hex } = parseDigest(digest, 'a blob');
  const hash = createHash(algorithm);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  } catch (error) {
    return `can not be read (${reasonOf(error)})`;
  }
  return hash.digest('hex') === hex ? undefined : 'has another content than its digest says';
}

async function checkEntry(
  paths: Paths,
  entry: Descriptor,
  verdictOf: (blob: Descriptor) => Promise<string | undefined>,
  { findings, layers }: CheckedImages,
): Promise<void> {
  const broken = (blob: Descriptor, problem: string) =>
    findings.push(brokenImage(paths, entry, blob, problem));
  const problem = await verdictOf(entry);
  if (problem) return void broken(entry, problem);
  if (isList(entry)) return checkList(paths, entry, verdictOf, { findings, layers });
  try {
    const { manifest } = readManifestOf(paths, entry);
    const bad = await verdictOf(manifest.config);
    if (bad) return void broken(manifest.config, bad);
    const { diff_ids: diffIds } = parseImageConfig(
      readBlob(paths, manifest.config.digest),
      'the image',
    ).rootfs;
    for (const [index, blob] of manifest.layers.entries()) {
      const bad = await verdictOf(blob);
      if (bad) broken(blob, bad);
      const diffId = diffIds[index];
      if (diffId !== undefined && !layers.get(diffId)) layers.set(diffId, bad ? undefined : blob);
    }
  } catch (error) {
    broken(entry, `leads to something that is no image: ${reasonOf(error)}`);
  }
}

/** Members of a list are looked at as images; those that are elsewhere, and of another tool's list those it left out, are not missed. */
async function checkList(
  paths: Paths,
  list: Descriptor,
  verdictOf: (blob: Descriptor) => Promise<string | undefined>,
  result: CheckedImages,
): Promise<void> {
  try {
    const sources = sourcesOf(list);
    for (const member of listMembers(paths, list)) {
      const elsewhere = sources.has(member.digest) || list.annotations?.[KEPT.id] === undefined;
      if (elsewhere && blobSize(paths, member.digest) === undefined) continue;
      const found: CheckedImages = { findings: [], layers: result.layers };
      await checkEntry(paths, member, verdictOf, found);
      const [first] = found.findings;
      if (first === undefined) continue;
      const whole = brokenImage(paths, list, list, '');
      const mend = async () => {
        for (const finding of found.findings) await finding.mend?.();
        await whole.mend?.();
      };
      result.findings.push({ ...whole, problem: `in one of its images ${first.problem}`, mend });
    }
  } catch (error) {
    result.findings.push(brokenImage(paths, list, list, `can not be read as a list: ${reasonOf(error)}`));
  }
}

function labelOf(entry: Descriptor): string {
  const name = nameOf(entry);
  if (name === undefined) return entry.digest;
  try {
    const reference = parseReference(name);
    return reference.kind === 'registry' ? familiarName(reference) : name;
  } catch {
    return name;
  }
}

/** Without that blob the image can't be used, and a pull would believe that it is there: it goes from the list. */
function brokenImage(paths: Paths, entry: Descriptor, blob: Descriptor, problem: string): Finding {
  const label = labelOf(entry);
  const again = isList(entry)
    ? 'make it again: tsc-pod manifest create'
    : `get it again: tsc-pod pull ${label}`;
  return {
    type: 'image',
    id: label,
    problem: `its blob ${blob.digest} ${problem}`,
    repair: `put the blob aside and take the image from the list; ${again}`,
    mend: async () => {
      const path = blobPath(paths, blob.digest);
      if (existsSync(path) && (await blobProblem(paths, blob, false)) !== undefined)
        moveAside(paths, path, 'blob');
      await updateIndex(paths, (index) => {
        const same = (other: Descriptor) => other.digest === entry.digest && nameOf(other) === nameOf(entry);
        const gone = index.manifests.filter(same);
        keepAside(paths, 'image', JSON.stringify(gone));
        return {
          index: { ...index, manifests: index.manifests.filter((other) => !same(other)) },
          result: undefined,
        };
      });
    },
  };
}
