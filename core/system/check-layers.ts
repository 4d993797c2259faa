import { createReadStream, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PodError } from '../error.ts';
import type { Descriptor } from '../images/format/types.ts';
import { blobPath } from '../images/layout.ts';
import { layerNamespace } from '../images/pull/obtain.ts';
import { unpackLayer } from '../images/unpack/unpack.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { type Finding, moveAside } from './finding.ts';

/** What is wrong with an unpacked layer, undefined for a whole one. */
function layerProblem(directory: string): string | undefined {
  if (!existsSync(directory)) return 'it is missing';
  if (!statSync(join(directory, 'fs'), { throwIfNoEntry: false })?.isDirectory())
    return 'its files are missing';
  const size = join(directory, 'size');
  const text = existsSync(size) ? readFileSync(size, 'utf8').trim() : '';
  return /^\d+$/.test(text) ? undefined : 'the mark that it is whole is missing';
}

/**
 * The unpacked layers: those that are there, those that images need (`blobs`: diff id -> its blob), and those that containers
 * need (hex digits of a diff id -> the image's name).
 */
export function checkLayers(
  paths: Paths,
  blobs: ReadonlyMap<string, Descriptor | undefined>,
  used: ReadonlyMap<string, string>,
): Finding[] {
  const blobOf = new Map([...blobs].map(([diffId, blob]) => [diffId.slice(diffId.indexOf(':') + 1), blob]));
  const all = new Set([
    ...namesIn(paths.layers).filter((name) => /^[0-9a-f]{64,128}$/.test(name)),
    ...blobOf.keys(),
    ...used.keys(),
  ]);
  const findings: Finding[] = [];
  for (const hex of all) {
    const directory = join(paths.layers, hex);
    const problem = layerProblem(directory);
    if (!problem) continue;
    const blob = blobOf.get(hex);
    const image = used.get(hex);
    if (blob) findings.push(again(paths, hex, problem, blob));
    else if (image !== undefined) findings.push(lost(hex, problem, image));
    else if (existsSync(directory)) {
      const mend = () => void moveAside(paths, directory, 'layer');
      findings.push({ type: 'layer', id: hex, problem, repair: 'put it aside: nothing uses it', mend });
    }
  }
  return findings;
}

function again(paths: Paths, hex: string, problem: string, blob: Descriptor): Finding {
  const mend = async () => {
    moveAside(paths, join(paths.layers, hex), 'layer');
    mkdirSync(paths.layers, { recursive: true, mode: 0o700 });
    const diffId = `${hex.length === 64 ? 'sha256' : 'sha512'}:${hex}`;
    const source = createReadStream(blobPath(paths, blob.digest), { highWaterMark: 1 << 20 });
    await unpackLayer(source, { layersDir: paths.layers, namespace: layerNamespace(), diffId });
  };
  return { type: 'layer', id: hex, problem, repair: 'unpack it again from its blob', mend };
}

function lost(hex: string, problem: string, image: string): Finding {
  const hint = `tsc-pod pull ${image}`;
  const mend = () => {
    throw new PodError({
      code: 'not-found',
      message: `cannot unpack layer ${hex.slice(0, 12)}`,
      why: 'its blob is not here',
      hint,
    });
  };
  return {
    type: 'layer',
    id: hex,
    problem: `${problem}, and a container uses it`,
    repair: `nothing by itself; ${hint}`,
    mend,
  };
}
