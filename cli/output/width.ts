const wide =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const nothing = /^[\p{Mn}\p{Me}\p{Cf}]*$/u;

/** One column a character; the segmenter takes milliseconds to load. */
const PLAIN = /^[\x20-\x7e…]*$/;

/** Columns that a text takes on a terminal: two for East Asian wide characters and emoji, none for combining marks. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const cluster of clustersOf(text)) width += widthOf(cluster);
  return width;
}

/** The text, or as much of it as fits `limit` columns together with a `…` at its end. */
export function ellipsis(text: string, limit: number): string {
  if (limit <= 0) return '';
  if (displayWidth(text) <= limit) return text;
  if (PLAIN.test(text)) return `${text.slice(0, limit - 1)}…`;
  let kept = '';
  let room = limit - 1;
  for (const cluster of clustersOf(text)) {
    room -= widthOf(cluster);
    if (room < 0) break;
    kept += cluster;
  }
  return `${kept}…`;
}

function widthOf(cluster: string): number {
  if (nothing.test(cluster)) return 0;
  return wide.test(cluster) ? 2 : 1;
}

function* clustersOf(text: string): Iterable<string> {
  for (const { segment } of new Intl.Segmenter('en').segment(text)) yield segment;
}
