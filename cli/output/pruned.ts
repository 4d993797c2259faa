import type { Removed } from '../../core/images/remove.ts';
import { familiarImage } from '../familiar-image.ts';
import { humanSize } from './units.ts';

/** One paragraph of what a prune command has deleted, as docker prints it; nothing for nothing. */
export function deletedLines(heading: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${heading}:\n${lines.map((line) => `${line}\n`).join('')}\n`;
}

/** Lines of images that are gone, as docker prints them. */
export function imageLines({
  untagged,
  deleted,
}: {
  untagged: readonly string[];
  deleted: readonly string[];
}) {
  return [...untagged.map((name) => `untagged: ${name}`), ...deleted.map((id) => `deleted: sha256:${id}`)];
}

export function reclaimedLine(bytes: number): string {
  return `Total reclaimed space: ${humanSize(bytes, 4)}\n`;
}

/** What a removal of images says, as docker's rmi. */
export function removedLines({ untagged, deleted, parents }: Removed): string[] {
  const ids = deleted === undefined ? parents : [deleted, ...parents];
  return [
    ...untagged.map((name) => `Untagged: ${familiarImage(name)}`),
    ...ids.map((id) => `Deleted: sha256:${id}`),
  ];
}
