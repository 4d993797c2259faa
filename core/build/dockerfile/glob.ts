/**
 * Patterns of paths: Go's filepath.Match, with `**` for any number of directories as .dockerignore has it. A match takes
 * at most time in proportion to pattern times path, whatever the pattern.
 */

/** A path as code points: made once, matched with many patterns. */
export type Codes = Uint32Array;

export function codesOf(path: string): Codes {
  const codes = new Uint32Array(path.length);
  let length = 0;
  for (let at = 0; at < path.length; at++) {
    const code = path.codePointAt(at)!;
    if (code > 0xffff) at++;
    codes[length++] = code;
  }
  return length === path.length ? codes : codes.subarray(0, length);
}

/** What a place in the pattern takes: a code point, or one of these. */
const ONE = -1; // any but a slash, or one of a class
const STAR = -2; // any number but no slash
const DIRECTORIES = -3; // `**` before more: nothing, or anything up to a slash
const ALL = -4; // `**` at the end; before a name without wildcards as in `**.log`

interface Pattern {
  readonly steps: Int32Array;
  /** Of a class, by its place among the steps; others take any character. */
  readonly classes: ReadonlyMap<number, (code: number) => boolean>;
}

const SLASH = 0x2f;

export interface Glob {
  matches(path: Codes): boolean;
  /** Whether anything below the directory could match. */
  reachesBelow(directory: string): boolean;
}

/** Undefined for a pattern that is malformed: an unclosed class, a `\` at the end. `deep`: `**` has its meaning. */
export function compileGlob(text: string, { deep = true } = {}): Glob | undefined {
  const pattern = patternOf(text, deep);
  if (!pattern) return undefined;
  const aligned = isAligned(pattern.steps);
  return {
    matches: (path) => (aligned ? matchAligned(pattern, path) : everyWay(pattern, path, true)),
    reachesBelow: (directory) => everyWay(pattern, codesOf(`${directory}/`), false),
  };
}

function patternOf(text: string, deep: boolean): Pattern | undefined {
  const steps: number[] = [];
  const classes = new Map<number, (code: number) => boolean>();
  const characters = [...text];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (deep && character === '*' && characters[at + 1] === '*') {
      at++;
      if (characters[at + 1] === '/') at++;
      const anything = at + 1 === characters.length || (at === 1 && isSuffix(characters));
      steps.push(anything ? ALL : DIRECTORIES);
    } else if (character === '*') steps.push(STAR);
    else if (character === '?') steps.push(ONE);
    else if (character === '[') {
      const read = classAt(characters, at + 1);
      if (!read) return undefined;
      classes.set(steps.length, read.fits);
      steps.push(ONE);
      at = read.end;
    } else {
      const literal = character === '\\' ? characters[++at] : character;
      if (literal === undefined) return undefined;
      steps.push(literal.codePointAt(0)!);
    }
  }
  return { steps: Int32Array.from(steps), classes };
}

/** `**.log`: docker takes it as the end of a path, whereas `**a*` begins a name. */
function isSuffix(characters: readonly string[]): boolean {
  return characters[2] !== '/' && !characters.slice(2).some((character) => '*?[]\\'.includes(character));
}

/** `[a-z]`, `[^a-z]`; `end` is the place of its `]`. */
function classAt(
  characters: readonly string[],
  from: number,
): { fits: (code: number) => boolean; end: number } | undefined {
  let at = from;
  const negated = characters[at] === '^';
  if (negated) at++;
  const ranges: [low: number, high: number][] = [];
  const one = (): number | undefined => {
    let character = characters[at];
    if (character === undefined || character === '-' || character === ']') return undefined;
    if (character === '\\') character = characters[++at];
    at++;
    return character?.codePointAt(0);
  };
  while (characters[at] !== ']' || ranges.length === 0) {
    const low = one();
    let high = low;
    if (characters[at] === '-') {
      at++;
      high = one();
    }
    if (low === undefined || high === undefined) return undefined;
    ranges.push([low, high]);
  }
  const inside = (code: number): boolean => ranges.some(([low, high]) => code >= low && code <= high);
  return { fits: (code) => inside(code) !== negated, end: at };
}

function fits({ steps, classes }: Pattern, place: number, code: number): boolean {
  const step = steps[place]!;
  if (step !== ONE) return step === code;
  return code !== SLASH && (classes.size === 0 || (classes.get(place)?.(code) ?? true));
}

/** Whether each `**` stands at the beginning of a name: then what is before it never has to be tried another way. */
function isAligned(steps: Int32Array): boolean {
  return steps.every((step, at) => {
    if (step === ALL) return at === steps.length - 1;
    return step !== DIRECTORIES || at === 0 || [SLASH, DIRECTORIES].includes(steps[at - 1]!);
  });
}

/**
 * One way through: where it fails, the last star takes one character more, or the last `**` one directory more. Stars
 * before those needn't: what they could reach, the later one reaches, too.
 */
function matchAligned(pattern: Pattern, path: Codes): boolean {
  const { steps } = pattern;
  let place = 0;
  let at = 0;
  let star = -1; // the place behind it
  let starAt = 0;
  let directories = -1;
  let directoriesAt = 0;
  for (;;) {
    const step = steps[place];
    if (step === undefined && at === path.length) return true;
    if (step === ALL) return true;
    if (step === STAR) {
      star = ++place;
      starAt = at;
    } else if (step === DIRECTORIES) {
      directories = ++place;
      directoriesAt = at;
      star = -1;
    } else if (step !== undefined && at < path.length && fits(pattern, place, path[at]!)) {
      place++;
      at++;
    } else if (star >= 0 && starAt < path.length && path[starAt] !== SLASH) {
      place = star;
      at = ++starAt;
    } else {
      const slash = directories < 0 ? -1 : path.indexOf(SLASH, directoriesAt);
      if (slash < 0) return false;
      place = directories;
      directoriesAt = slash + 1;
      at = directoriesAt;
      star = -1;
    }
  }
}

/** All ways at once. `whole`: whether the text matches; else whether it can be the beginning of a match. */
function everyWay(pattern: Pattern, text: Codes, whole: boolean): boolean {
  const { steps } = pattern;
  let now = new Uint8Array(steps.length + 1);
  let next = new Uint8Array(steps.length + 1);
  enter(steps, now, 0);
  for (const code of text) {
    next.fill(0);
    let alive = false;
    for (let place = 0; place < steps.length; place++) {
      if (now[place] === 0) continue;
      const step = steps[place]!;
      if (step === ALL || (step === STAR && code !== SLASH) || (step === DIRECTORIES && code === SLASH))
        enter(steps, next, place);
      else if (step === DIRECTORIES)
        next[place] = 1; // within a directory's name: what is behind comes after the slash
      else if (step !== STAR && fits(pattern, place, code)) enter(steps, next, place + 1);
      else continue;
      alive = true;
    }
    if (!alive) return false;
    [now, next] = [next, now];
  }
  return !whole || now[steps.length] === 1;
}

/** Stars may take nothing: whoever is at one is behind it, too. */
function enter(steps: Int32Array, places: Uint8Array, from: number): void {
  for (let place = from; ; place++) {
    places[place] = 1;
    const step = steps[place];
    if (step === undefined || step >= ONE) return;
  }
}
