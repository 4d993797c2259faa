import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRecord } from '../container/record.ts';
import type { Paths } from '../paths.ts';
import { type Finding, moveAside } from './finding.ts';

/** The volumes that containers use: a container whose volume is gone can't start. */
export function checkVolumes(paths: Paths, records: readonly ContainerRecord[]): Finding[] {
  const users = new Map<string, string>();
  for (const { name, volumes } of records)
    for (const volume of volumes ?? []) users.set(volume.name, users.get(volume.name) ?? name);
  const findings: Finding[] = [];
  for (const [id, user] of users) {
    const directory = join(paths.volumes, id);
    const data = join(directory, '_data');
    const about = (path: string) => statSync(path, { throwIfNoEntry: false });
    if (about(directory)?.isDirectory() && about(data)?.isDirectory()) continue;
    const spoilt =
      about(directory) && !about(directory)?.isDirectory() ? directory : about(data) ? data : undefined;
    findings.push({
      type: 'volume',
      id,
      problem: `it is ${spoilt ? 'no directory' : 'missing'}, and container ${user} uses it`,
      repair: 'make it, empty',
      mend: () => {
        if (spoilt) moveAside(paths, spoilt, 'volume');
        mkdirSync(directory, { recursive: true, mode: 0o700 });
        mkdirSync(data, { recursive: true, mode: 0o755 });
      },
    });
  }
  return findings;
}
