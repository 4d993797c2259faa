import { resolve } from 'node:path';
import { checkName } from '../name.ts';
import { checkIdmap, isIdmap } from './idmap.ts';
import { destinationOf, type MountRequest, refuse } from './request.ts';
import { bindOptions, isAccess, isPropagation, isWithoutEffect } from './words.ts';

/** A colon that is part of a path is written `\:`, podman-run(1). */
function partsOf(value: string): string[] {
  return value.split(/(?<!\\):/).map((part) => part.replaceAll('\\:', ':'));
}

/** `-v [HOST-PATH|NAME:]PATH[:OPTION,...]` */
export function parseVolumeFlag(value: string): MountRequest {
  const asked = `-v ${value}`;
  const parts = partsOf(value);
  if (parts.length > 3 || parts.some((part) => part === ''))
    throw refuse(`-v ${JSON.stringify(value)}`, 'it is not SOURCE:PATH[:OPTIONS]');
  const [source, target, options = ''] =
    parts.length === 1 ? [undefined, parts[0]!] : [parts[0], parts[1]!, parts[2]];
  const isPath = source !== undefined && /^[./~]/.test(source);
  if (source?.includes('/') && !isPath)
    throw refuse(asked, 'what has a / is no name of a volume', `-v ./${value}   # a directory here`);
  const request: MountRequest = {
    kind: isPath ? 'bind' : 'volume',
    asked,
    destination: destinationOf(asked, target),
    source: isPath ? resolve(source) : source === undefined ? undefined : checkName('volume', source),
    options: [],
  };
  for (const word of options.split(',')) if (word !== '') takeWord(request, word);
  request.options = bindOptions(request.options);
  return request;
}

function takeWord(request: MountRequest, word: string): void {
  // MNT_LOCK_ATIME: mount_namespaces(7), "Restrictions on mount namespaces"
  if (word === 'noatime' || word === 'nodiratime')
    throw refuse(request.asked, `${word}: how access times are kept is for only root of the host to change`);
  if (isAccess(word) || isPropagation(word) || word === 'bind' || word === 'rbind')
    request.options.push(word);
  else if (word === 'U') request.chown = true;
  else if (word === 'O') request.overlay = true;
  else if (word === 'nocopy') request.nocopy = true;
  else if (isIdmap(word)) {
    checkIdmap(request.asked, word);
    request.options.push(word);
  } else if (!isWithoutEffect(word)) throw refuse(request.asked, `unknown option ${JSON.stringify(word)}`);
}
