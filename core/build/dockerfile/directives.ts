/** Parser directives: comments `# key=value` at the very top (Dockerfile reference, "Parser directives"). */

import type { CheckDirective, Directives, Escape, LineRange } from './dockerfile.ts';
import { Lines } from './lines.ts';
import { quoted, refusalAt, type Source } from './refusal.ts';

const KNOWN = new Set(['syntax', 'escape', 'check']);

/** Reads them up to the first line that isn't one. Throws PodError `invalid`: one given twice, or with a wrong value. */
export function readDirectives(source: Source): Directives {
  const lines = new Lines(source.text);
  const found = new Map<string, string>();
  let check: CheckDirective | undefined;
  for (let line = lines.read(); line !== undefined; line = lines.read()) {
    if (lines.number === 1 && line.startsWith('#!')) continue;
    const directive = directiveOf(line);
    if (!directive) break;
    const at: LineRange = { start: lines.number, end: lines.number };
    const { key, value } = directive;
    if (found.has(key)) throw refusalAt(source, at, { why: `the directive ${key} is given twice` });
    found.set(key, value);
    if (key === 'escape' && value !== '\\' && value !== '`')
      throw refusalAt(source, at, { why: `${quoted(value)} is no escape character: it is \\ or \`` });
    if (key === 'check') check = checkDirective(source, at, value);
  }
  const syntax = found.get('syntax')?.split(' ')[0];
  return {
    ...(syntax === undefined ? {} : { syntax }),
    escape: (found.get('escape') as Escape | undefined) ?? '\\',
    ...(check ? { check } : {}),
  };
}

function directiveOf(line: string): { key: string; value: string } | undefined {
  const begun = line.trim();
  if (!begun.startsWith('#') || begun.length > 4096) return undefined;
  const comment = begun.slice(1).trimStart();
  const equals = comment.indexOf('=');
  if (equals < 0) return undefined;
  const key = comment.slice(0, equals).trimEnd().toLowerCase();
  const value = comment.slice(equals + 1).trim();
  return KNOWN.has(key) && value !== '' ? { key, value } : undefined;
}

function checkDirective(source: Source, line: LineRange, value: string): CheckDirective {
  const read = { skip: [] as string[], experimental: [] as string[], error: false };
  for (const option of value.split(';')) {
    const [key = '', given] = split(option);
    const refuse = (why: string) =>
      refusalAt(source, line, { why, hint: 'write it as: # check=skip=RuleName,OtherRule;error=true' });
    if (given === undefined) throw refuse(`${quoted(option.trim())} is no option of check`);
    if (key === 'skip' || key === 'experimental') read[key] = given.split(',').map((name) => name.trim());
    else if (key === 'error')
      read.error = boolean(given) ?? fail(refuse(`${quoted(given)} is neither true nor false`));
    else throw refuse(`check has no option ${quoted(key)}`);
  }
  return { ...read, line };
}

function split(option: string): [string, string?] {
  const equals = option.indexOf('=');
  return equals < 0 ? [option.trim()] : [option.slice(0, equals).trim(), option.slice(equals + 1).trim()];
}

/** As Go's strconv.ParseBool; undefined for anything else. */
export function boolean(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined;
}

function fail(error: Error): never {
  throw error;
}
