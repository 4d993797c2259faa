/**
 * `KEY=VALUE,"KEY=a,b",WORD`, one line of comma-separated values, RFC 4180, as --mount takes it: each field is cut at its
 * first "="; the value is undefined where there is none. undefined for a quote within a field that doesn't begin with
 * one, and for one that isn't closed.
 */
export function csvPairs(line: string): [key: string, value: string | undefined][] | undefined {
  return csvFields(line)?.map((field) => {
    const equals = field.indexOf('=');
    return equals < 0 ? [field, undefined] : [field.slice(0, equals), field.slice(equals + 1)];
  });
}

/** `a,"b,c","d""e"` are three. */
function csvFields(line: string): string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; ) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at);
      const field = line.slice(at, comma < 0 ? undefined : comma);
      if (field.includes('"')) return undefined;
      fields.push(field);
      if (comma < 0) return fields;
      at = comma + 1;
      continue;
    }
    const quoted = /^"((?:[^"]|"")*)"(?=,|$)/.exec(line.slice(at));
    if (!quoted) return undefined;
    fields.push(quoted[1]!.replaceAll('""', '"'));
    at += quoted[0].length;
    if (at === line.length) return fields;
    at += 1;
  }
}
