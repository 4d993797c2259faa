import type { NamedImage } from './named-image.ts';

export const SORTS = ['created', 'id', 'repository', 'size', 'tag'] as const;
export type Sort = (typeof SORTS)[number];

const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const time = ({ image }: NamedImage): number => (image.created ? Date.parse(image.created) : 0);
const byName = (a: NamedImage, b: NamedImage): number =>
  text(a.repository, b.repository) || text(a.tag, b.tag);

const ORDERS: Record<Sort, (a: NamedImage, b: NamedImage) => number> = {
  created: (a, b) => time(b) - time(a),
  id: (a, b) => text(a.image.id, b.image.id),
  repository: byName,
  size: (a, b) => a.image.size - b.image.size,
  tag: (a, b) => text(a.tag, b.tag),
};

/** In podman's orders: the newest first, all others from the smallest; what is equal there by its name. */
export function sortImages(images: readonly NamedImage[], sort: Sort): NamedImage[] {
  return images.toSorted((a, b) => ORDERS[sort](a, b) || byName(a, b));
}
