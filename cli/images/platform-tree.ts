import { isList, readRecord } from '../../core/images/entry.ts';
import type { Descriptor } from '../../core/images/format/types.ts';
import { layerSizes } from '../../core/images/history.ts';
import { blobSize } from '../../core/images/layout.ts';
import { listMembers, type StoredImage } from '../../core/images/list.ts';
import type { Paths } from '../../core/paths.ts';
import { formatPlatform } from '../../core/platform.ts';
import { familiarImage } from '../familiar-image.ts';
import { humanSize } from '../output/units.ts';
import { shownId } from './row.ts';

export const TREE_COLUMNS = '{{.Image}}\t{{.ID}}\t{{.DiskUsage}}\t{{.ContentSize}}\t{{.Used}}';
export const TREE_HEADERS = { DiskUsage: 'DISK USAGE', ContentSize: 'CONTENT SIZE' };

interface Member {
  platform: string;
  /** Hex digits of the manifest's digest. */
  id: string;
  /** Bytes of the unpacked layers, and of what is stored as a registry has it; 0 where it isn't here. */
  unpacked: number;
  content: number;
}

/** `images --tree`, docker's columns: an image with all its names, and below it the platforms that it is for. */
export async function platformTree(
  paths: Paths,
  { entry, id, names }: StoredImage,
  { noTrunc, used }: { noTrunc: boolean; used: boolean },
): Promise<object[]> {
  const entries = isList(entry) ? listMembers(paths, entry) : [entry];
  const members: Member[] = [];
  for (const one of entries) if (one.platform?.os !== 'unknown') members.push(await memberOf(paths, one)); // else what BuildKit attests
  const row = (Image: string, hex: string, of: readonly Member[], Used = '') => ({
    Image,
    ID: shownId(hex, noTrunc),
    DiskUsage: humanSize(of.reduce((sum, { unpacked }) => sum + unpacked, 0)),
    ContentSize: humanSize(of.reduce((sum, { content }) => sum + content, 0)),
    Used,
  });
  const [first = '<none>', ...others] = names.map(familiarImage).sort();
  return [
    row(first, id, members, used ? '✔' : ''),
    ...others.map((Image) => ({ Image, ID: '', DiskUsage: '', ContentSize: '', Used: '' })),
    ...members.map((one, at) =>
      row(`${at < members.length - 1 ? '├─' : '└─'} ${one.platform}`, one.id, [one]),
    ),
  ];
}

async function memberOf(paths: Paths, entry: Descriptor): Promise<Member> {
  const id = entry.digest.replace(/^sha\d+:/, '');
  const told = entry.platform ? formatPlatform(entry.platform) : '';
  if (isList(entry) || blobSize(paths, entry.digest) === undefined)
    return { platform: told, id, unpacked: 0, content: 0 };
  const image = readRecord(paths, entry, []);
  const blobs = [entry.digest, `sha256:${image.id}`, ...image.layers.map(({ digest }) => digest)];
  const sum = (sizes: readonly (number | undefined)[]) =>
    sizes.reduce<number>((all, one = 0) => all + one, 0);
  return {
    platform: formatPlatform(image.platform),
    id,
    unpacked: sum(await layerSizes(paths, image)),
    content: sum(blobs.map((digest) => blobSize(paths, digest))),
  };
}
