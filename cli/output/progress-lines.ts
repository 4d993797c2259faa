import { escapeControls } from './escape.ts';
import { humanSize, shortId } from './units.ts';
import { ellipsis } from './width.ts';

/** How far one layer is, as core/images tells it. */
export interface LayerState {
  /** Digest of the blob. */
  digest: string;
  kind: keyof typeof words;
  /** Bytes. */
  current: number;
  total: number;
  /** With `retry`: what went wrong; with `mounted`: where from. */
  note?: string;
}

const words = {
  waiting: 'Waiting',
  downloading: 'Downloading',
  extracting: 'Extracting',
  done: 'Pull complete',
  exists: 'Already exists',
  compressing: 'Compressing',
  pushing: 'Pushing',
  pushed: 'Pushed',
  present: 'Layer already exists',
  mounted: 'Mounted',
  retry: 'Retrying',
};

const moving = new Set<LayerState['kind']>(['downloading', 'pushing']);
const finished = new Set<LayerState['kind']>(['done', 'exists', 'pushed', 'present', 'mounted']);

const widestBar = 50;
const narrowestBar = 10;

/**
 * The lines for all layers, none wider than the terminal and fewer than it has rows (what has scrolled away can't be
 * drawn again). Where they don't fit, those that are at work are shown, and a count of the others.
 */
export function layerLines(layers: readonly LayerState[], columns: number, rows: number): string[] {
  const room = Math.max(1, rows - 1);
  if (layers.length <= room) return layers.map((layer) => layerLine(layer, columns));
  const there = layers.filter(isFinished).length;
  const active = layers.filter((layer) => !isFinished(layer) && layer.kind !== 'waiting');
  const summary = ellipsis(`${there} of ${layers.length} layers are there`, columns - 1);
  return [...active.slice(0, room - 1).map((layer) => layerLine(layer, columns)), summary];
}

export function isFinished({ kind }: LayerState): boolean {
  return finished.has(kind);
}

/** `0123456789ab: Downloading [=====>    ] 1.2MB/3.4MB`, the bar as wide as there is room for. */
export function layerLine(layer: LayerState, columns: number): string {
  const { digest, kind, current, total, note } = layer;
  const begin = `${escapeControls(shortId(digest))}: ${words[kind]}`;
  // The last column stays empty: a terminal may already break the line there.
  const room = columns - 1;
  if (kind === 'retry' && note) return ellipsis(`${begin}: ${escapeControls(note)}`, room);
  if (kind === 'mounted' && note) return ellipsis(`${begin} from ${escapeControls(note)}`, room);
  if (!moving.has(kind)) return ellipsis(begin, room);
  const size = total > 0 ? `${humanSize(current)}/${humanSize(total)}` : humanSize(current);
  const bar = Math.min(widestBar, room - begin.length - size.length - ' [] '.length);
  if (total <= 0 || bar < narrowestBar) return ellipsis(`${begin} ${size}`, room);
  const done = Math.floor(bar * Math.min(1, Math.max(0, current / total)));
  const arrow = done < bar ? `${'='.repeat(Math.max(0, done - 1))}>` : '='.repeat(bar);
  return `${begin} [${arrow.padEnd(bar)}] ${size}`;
}
