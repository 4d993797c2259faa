import { escapeControls, escapeControlsInLines } from '../output/escape.ts';
import { alignColumns } from '../output/table.ts';
import { compileTemplate, renderHeader, renderTemplate } from './go-template.ts';
import { toJson } from './values.ts';

export interface Listing {
  /** One object a line of the list; its functions are methods (see renderTemplate). */
  rows: readonly object[];
  /** The table that is shown without --format: `{{.ID}}\t{{.Names}}`. */
  columns: string;
  /** Names of columns that don't follow from their fields: `{ ID: 'CONTAINER ID' }`. */
  headers: Readonly<Record<string, string>>;
  /** The table without its first line. */
  noHeading?: boolean;
  /** What `--format json` gives: docker prints one object a line (default), podman one array. */
  json?: 'lines' | 'array';
  /** The output goes to a terminal, which values from outside must not control. */
  terminal: boolean;
}

/**
 * A list as `--format` wants it: undefined, '' or `table` for the usual table, `table TEMPLATE` for another one, `json`, or a
 * template for each line (`{{range .}}` at its beginning: one template for the whole list). Ends in a newline unless empty.
 */
export function formatList(format: string | undefined, listing: Listing): string {
  const wanted = (format ?? '').trim();
  if (wanted === 'json') return jsonList(listing);
  const table =
    wanted === '' || wanted === 'table' ? listing.columns : /^table\s+([\s\S]*)$/.exec(wanted)?.[1];
  if (table !== undefined) return formatTable(table, listing);
  const template = compileTemplate(format!);
  const options = listing.terminal ? { escape: escapeControlsInLines } : {};
  const whole = /^\{\{-?\s*range\s+(\$\w*\s*(,\s*\$\w*\s*)?:=\s*)?\.\s*-?\}\}/.test(wanted);
  if (whole) return withNewline(renderTemplate(template, listing.rows, options));
  return listing.rows.map((row) => `${renderTemplate(template, row, options)}\n`).join('');
}

/** One object as `inspect --format`, `info --format` and `version --format` show it; `json` for indented JSON. */
export function formatObject(format: string, value: unknown, terminal: boolean): string {
  if (format.trim() === 'json') return `${toJson(value, 2)}\n`;
  const shown = terminal ? escapeControlsInLines : String;
  return `${renderTemplate(compileTemplate(format), value, { escape: shown })}\n`;
}

function formatTable(columns: string, { rows, headers, noHeading = false }: Listing): string {
  const template = compileTemplate(columns);
  const lines = rows.map((row) => renderTemplate(template, row, { escape: escapeControls }));
  const all = noHeading ? lines : [renderHeader(template, headers), ...lines];
  return all.length === 0 ? '' : `${alignColumns(all.join('\n'))}\n`;
}

function jsonList({ rows, json = 'lines' }: Listing): string {
  return json === 'array' ? `${toJson(rows, 4)}\n` : rows.map((row) => `${toJson(row)}\n`).join('');
}

function withNewline(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
