import { existsSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { directoryOf, holderOf, NAMED_KINDS, type NamedKind, releaseName } from '../named.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import type { Finding } from './finding.ts';

/** Names that nothing has. What is being made holds its name already: `holderOf` knows. */
export function checkNames(paths: Paths, records: readonly { id: string; name: string }[]): Finding[] {
  const nameOf = new Map(records.map(({ id, name }) => [id, name]));
  const findings: Finding[] = [];
  for (const name of namesIn(paths.names)) {
    const add = (problem: string, mend: () => void) =>
      findings.push({ type: 'name', id: name, problem, repair: 'free it', mend });
    const holders = namesIn(join(paths.names, name));
    if (holders.length === 0) add('nothing has it', () => removeEmpty(join(paths.names, name)));
    for (const id of holders) {
      const known = nameOf.get(id);
      if (known !== undefined && known !== name)
        add(`${id.slice(0, 12)} has another name, ${known}`, () => releaseName(paths, name, id));
      else if (known === undefined && !NAMED_KINDS.some((kind) => isThere(paths, kind, id)))
        add('nothing has it', () => void holderOf(paths, name));
    }
  }
  return findings;
}

/** Also as a draft, whether its maker lives or not: what is collected gives its name back. */
function isThere(paths: Paths, kind: NamedKind, id: string): boolean {
  const directory = directoryOf(paths, kind, id);
  return existsSync(directory) || namesIn(dirname(directory)).some((entry) => entry.startsWith(`.${id}.`));
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Somebody has the name now.
  }
}
