/**
 * The YAML that containers-registries.d(5) is written in: mappings of mappings by indentation, plain and quoted
 * scalars, comments. Whatever else YAML has is refused with its line, never misread. JSON is YAML and is read as such.
 */

export interface YamlTable extends Map<string, YamlTable | string> {}

/** What can't be read, and where: "line 3: …". */
export class YamlError extends Error {}

const DEEPEST = 20;

/** Reads one document whose top is a mapping; an empty one is an empty mapping. Throws YamlError. */
export function parseBlockYaml(text: string): YamlTable {
  const lines = text.split(/\r?\n/);
  if (/^\s*\{/.test(text)) return fromJson(text);
  const root: YamlTable = new Map();
  const open: { indent: number; table: YamlTable }[] = [{ indent: -1, table: root }];
  /** A key without a value, which the next line may give a mapping to. */
  let pending: { table: YamlTable; key: string; indent: number } | undefined;

  lines.forEach((raw, index) => {
    const fail = (why: string): YamlError => new YamlError(`line ${index + 1}: ${why}`);
    if (/^\s*(?:#|$)/.test(raw) || (index === 0 && /^---\s*$/.test(raw))) return;
    const indent = /^ */.exec(raw)![0].length;
    if (raw[indent] === '\t') throw fail('it is indented with a tab');
    const [key, value] = splitLine(raw.slice(indent), fail);
    if (pending !== undefined && indent > pending.indent) {
      const table: YamlTable = new Map();
      pending.table.set(pending.key, table);
      open.push({ indent, table });
      if (open.length > DEEPEST) throw fail('it is nested too deeply');
    }
    pending = undefined;
    while (open.length > 1 && open.at(-1)!.indent > indent) open.pop();
    const current = open.at(-1)!;
    if (current.indent === -1) current.indent = indent;
    if (current.indent !== indent) throw fail('its indentation is that of no line above');
    if (current.table.has(key)) throw fail(`${JSON.stringify(key)} is given twice`);
    current.table.set(key, value ?? new Map());
    if (value === undefined) pending = { table: current.table, key, indent };
  });
  return root;
}

/** `key: value`, or `key:` with an undefined value. */
function splitLine(line: string, fail: (why: string) => YamlError): [string, string | undefined] {
  const quoted = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*:(?=\s|$)(.*)$/.exec(line);
  if (quoted !== null) return [scalar(quoted[1]!, fail), valueFrom(quoted[2]!, fail)];
  // A plain key may hold colons (localhost:5000): it ends at the first that has a space or nothing behind it.
  const plain = /^([^\s"'#[\]{},&*!|>%@`?-][^#]*?)\s*:(?=\s|$)(.*)$/.exec(line);
  if (plain === null) throw fail('"key: value" is expected');
  return [plain[1]!, valueFrom(plain[2]!, fail)];
}

function valueFrom(text: string, fail: (why: string) => YamlError): string | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.startsWith('#')) return undefined;
  const quoted = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*(?:#.*)?$/.exec(trimmed);
  if (quoted !== null) return scalar(quoted[1]!, fail);
  if (/^["'[\]{},&*!|>%@`]|^[-?:](?:\s|$)/.test(trimmed))
    throw fail('only plain and quoted values can be read here');
  const plain = trimmed.replace(/\s+#.*$/, '');
  if (/:(?:\s|$)/.test(plain)) throw fail('a value holds ": "');
  return plain;
}

function scalar(quoted: string, fail: (why: string) => YamlError): string {
  if (quoted.startsWith("'")) return quoted.slice(1, -1).replaceAll("''", "'");
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw fail('an escape can not be read here');
  }
}

function fromJson(text: string): YamlTable {
  const convert = (value: unknown): YamlTable | string => {
    if (typeof value !== 'object' || value === null) return String(value);
    if (Array.isArray(value)) throw new YamlError('line 1: a list is not expected');
    return new Map(Object.entries(value).map(([key, one]) => [key, convert(one)]));
  };
  try {
    return convert(JSON.parse(text)) as YamlTable;
  } catch (error) {
    if (error instanceof YamlError) throw error;
    throw new YamlError('line 1: it begins as JSON and is none');
  }
}
