import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeSubject } from '../container/events.ts';
import { isName, randomName } from '../container/name.ts';
import type { ContainerRecord } from '../container/record.ts';
import { replaceRecord } from '../container/replace.ts';
import { claimName, containerDirectory, listIds, readSpec, reservation } from '../container/store.ts';
import { errnoOf } from '../error.ts';
import { makeDirectory } from '../make-directory.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { type Finding, moveAside, reasonOf } from './finding.ts';

export interface CheckedContainers {
  findings: Finding[];
  /** Those whose record can be read. */
  records: ContainerRecord[];
}

export function checkContainers(paths: Paths): CheckedContainers {
  const result: CheckedContainers = { findings: [], records: [] };
  for (const id of listIds(paths)) {
    const record = readOne(paths, id, result.findings);
    if (!record) continue;
    result.records.push(record);
    result.findings.push(
      ...checkSpec(paths, record),
      ...checkParts(paths, record),
      ...checkName(paths, record),
    );
  }
  return result;
}

function beyond(paths: Paths, id: string, problem: string): Finding {
  return {
    type: 'container',
    id,
    problem,
    repair: 'put it aside with its files: it can not be started any more',
    mend: () => void moveAside(paths, containerDirectory(paths, id), 'container'),
  };
}

/** undefined: it was removed meanwhile, or there is a finding. */
function readOne(paths: Paths, id: string, findings: Finding[]): ContainerRecord | undefined {
  const directory = containerDirectory(paths, id);
  try {
    const record = JSON.parse(readFileSync(join(directory, 'container.json'), 'utf8')) as ContainerRecord;
    if (record?.id === id && isName(record.name) && Array.isArray(record.layers) && record.maps)
      return record;
    findings.push(beyond(paths, id, 'container.json is not that of this container'));
  } catch (error) {
    if (existsSync(directory)) findings.push(beyond(paths, id, `container.json: ${reasonOf(error)}`));
  }
  return undefined;
}

function checkSpec(paths: Paths, { id, name }: ContainerRecord): Finding[] {
  let why = 'it is missing';
  try {
    const spec = readSpec(paths, id);
    if (Array.isArray(spec?.process?.args) && Array.isArray(spec.mounts) && spec.linux) return [];
    if (spec) why = 'it is no configuration of a container';
  } catch (error) {
    why = reasonOf(error);
  }
  if (!existsSync(containerDirectory(paths, id))) return [];
  return [{ ...beyond(paths, id, `config.json: ${why}`), id: name }];
}

/** What is made anew is empty: what was in it is lost, but the container starts. */
function checkParts(paths: Paths, record: ContainerRecord): Finding[] {
  const directory = containerDirectory(paths, record.id);
  const findings: Finding[] = [];
  const add = (problem: string, repair: string, mend: () => void) =>
    findings.push({ type: 'container', id: record.name, problem, repair, mend });
  const parts = record.driver === 'copy' ? ['rootfs', 'copy'] : ['rootfs', 'upper', 'work'];
  for (const part of record.infra ? [] : parts) {
    const path = join(directory, part);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() || !existsSync(directory)) continue;
    if (part === 'copy')
      findings.push({ ...beyond(paths, record.id, 'its files (copy) are missing'), id: record.name });
    else
      add(`its directory ${part} is missing`, 'make it, empty', () => {
        if (existsSync(path)) moveAside(paths, path, part);
        makeDirectory(path, part === 'upper' ? 0o755 : 0o700);
      });
  }
  if (brokenExit(join(directory, 'exit')))
    add(
      'exit: it is not JSON',
      'put it aside: how it ended is not known',
      () => void moveAside(paths, join(directory, 'exit'), 'exit'),
    );
  if (!validSubject(join(directory, 'event')) && existsSync(directory))
    add('event: it is missing or damaged', 'write it anew', () => writeSubject(directory, record));
  return findings;
}

function brokenExit(file: string): boolean {
  try {
    return typeof JSON.parse(readFileSync(file, 'utf8')).exitCode !== 'number';
  } catch (error) {
    return errnoOf(error) !== 'ENOENT';
  }
}

function validSubject(file: string): boolean {
  try {
    return typeof JSON.parse(`{${readFileSync(file, 'utf8')}}}}`).id === 'string';
  } catch {
    return false;
  }
}

function checkName(paths: Paths, record: ContainerRecord): Finding[] {
  const { id, name } = record;
  if (existsSync(reservation(paths, name, id)) || !existsSync(containerDirectory(paths, id))) return [];
  const taken = namesIn(join(paths.names, name)).some((other) =>
    existsSync(containerDirectory(paths, other)),
  );
  if (!taken) {
    const mend = () => void claimName(paths, id, name);
    return [{ type: 'container', id: name, problem: 'its name is not reserved', repair: 'reserve it', mend }];
  }
  const mend = () => {
    for (let attempt = 0; ; attempt++) {
      const other = randomName(attempt);
      if (existsSync(join(paths.names, other))) continue;
      claimName(paths, id, other);
      return replaceRecord(paths, { ...record, name: other });
    }
  };
  return [
    {
      type: 'container',
      id,
      problem: `its name ${name} belongs to another container`,
      repair: 'give it a new one',
      mend,
    },
  ];
}
