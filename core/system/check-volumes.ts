import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ContainerRecord } from '../container/record.ts';
import { makeDirectory } from '../make-directory.ts';
import type { Paths } from '../paths.ts';
import { volumeData, volumeDirectory } from '../volume/store.ts';
import { userFile, useVolume } from '../volume/users.ts';
import { type Finding, moveAside } from './finding.ts';

/** A volume as one container's record has it. */
interface Use {
  record: ContainerRecord;
  volume: ContainerRecord['volumes'][number];
}

/** The volumes that containers use: a container whose volume is gone can't start, and what nobody is known to use goes. */
export function checkVolumes(paths: Paths, records: readonly ContainerRecord[]): Finding[] {
  const uses = records.flatMap((record) => record.volumes.map((volume): Use => ({ record, volume })));
  const findings: Finding[] = [];
  for (const [id, all] of Map.groupBy(uses, ({ volume }) => volume.name)) {
    const data = volumeData(paths, id);
    const spoilt = [volumeDirectory(paths, id), data].find((path) => existsSync(path) && !isDirectory(path));
    const unknown = all.filter(({ record }) => !existsSync(userFile(paths, id, record.id)));
    const user = (unknown[0] ?? all[0]!).record.name;
    const add = (problem: string, repair: string) =>
      findings.push({ type: 'volume', id, problem, repair, mend: () => mend(paths, all, spoilt) });
    if (spoilt) add(`it is no directory, and container ${user} uses it`, 'make it, empty');
    else if (!isDirectory(data)) add(`it is missing, and container ${user} uses it`, 'make it, empty');
    else if (unknown.length > 0) add(`container ${user} uses it, and is not among its users`, 'enter it');
  }
  return findings;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Whatever of it is there stays. */
function mend(paths: Paths, uses: readonly Use[], spoilt: string | undefined): void {
  if (spoilt) moveAside(paths, spoilt, 'volume');
  for (const { record, volume } of uses) {
    const { name, anonymous } = volume;
    const users = dirname(userFile(paths, name, record.id));
    // Without this directory a volume is one that is being removed.
    if (existsSync(volumeDirectory(paths, name))) mkdirSync(users, { recursive: true, mode: 0o700 });
    useVolume(paths, { name, anonymous }, record.id);
    const data = volumeData(paths, name);
    if (!existsSync(data)) makeDirectory(data, 0o755);
  }
}
