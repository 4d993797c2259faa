/** The WWW-Authenticate header (RFC 9110, 11.3): which way of authentication a registry wants. */

export interface Challenge {
  /** Lower case: "bearer", "basic". */
  readonly scheme: string;
  /** Names in lower case: realm, service, scope, error. */
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const PARAMETER = /\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/y;
const LONGEST = 8192;

/** Reads every challenge of a header; what can't be read ends the list. */
export function parseChallenges(header: string | undefined): Challenge[] {
  const challenges: Challenge[] = [];
  if (header === undefined || header.length > LONGEST) return challenges;
  let at = 0;
  const skip = (): void => {
    while (at < header.length && /[\s,]/.test(header[at]!)) at++;
  };
  for (skip(); at < header.length; skip()) {
    TOKEN.lastIndex = at;
    const scheme = TOKEN.exec(header)?.[0];
    if (scheme === undefined) break;
    at = TOKEN.lastIndex;
    const parameters: Record<string, string> = {};
    for (;;) {
      PARAMETER.lastIndex = at;
      const match = PARAMETER.exec(header);
      if (match === null) break;
      const name = match[1]!.toLowerCase();
      if (name !== '__proto__') parameters[name] = match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '';
      at = PARAMETER.lastIndex;
      const comma = /\s*,/y;
      comma.lastIndex = at;
      if (!comma.test(header)) break;
      at = comma.lastIndex;
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
  return challenges;
}
