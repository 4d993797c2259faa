import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRecord } from '../container/record.ts';
import { containerDirectory, holderOf, releaseName } from '../container/store.ts';
import type { Paths } from '../paths.ts';
import type { Finding } from './finding.ts';

/** Names that no container has. One that is being made holds its name already: `holderOf` knows. */
export function checkNames(paths: Paths, records: readonly ContainerRecord[]): Finding[] {
  const nameOf = new Map(records.map(({ id, name }) => [id, name]));
  const findings: Finding[] = [];
  for (const name of existsSync(paths.names) ? readdirSync(paths.names) : []) {
    const add = (problem: string, mend: () => void) =>
      findings.push({ type: 'name', id: name, problem, repair: 'free it', mend });
    const holders = listed(join(paths.names, name));
    if (holders.length === 0) add('no container has it', () => removeEmpty(join(paths.names, name)));
    for (const id of holders) {
      const known = nameOf.get(id);
      if (known !== undefined && known !== name)
        add(`container ${id.slice(0, 12)} has another name, ${known}`, () => releaseName(paths, name, id));
      else if (known === undefined && !existsSync(containerDirectory(paths, id)) && !isDrafted(paths, id))
        add('no container has it', () => void holderOf(paths, name));
    }
  }
  return findings;
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isDrafted(paths: Paths, id: string): boolean {
  return listed(paths.containers).some((entry) => entry.startsWith(`.${id}.`));
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Somebody has the name now.
  }
}
