/** What of the outputs can be known to fail before anything is built. */

import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PodError } from '../../error.ts';
import { newImageName } from '../../images/new-image.ts';
import type { BuildOptions } from '../options.ts';
import { platformsOf } from '../platforms.ts';
import { standardOutput } from './deliver.ts';
import type { BuildOutput } from './output.ts';
import { storesImage } from './output.ts';
import { placeOfOutput, unwritable } from './write-files.ts';

/** Throws PodError `usage`, `unsupported` or `denied`. `write`: standard output, undefined where it is a terminal. */
export function checkOutputs(
  outputs: readonly BuildOutput[],
  options: BuildOptions,
  { workingDirectory, write }: { workingDirectory: string; write: unknown },
): void {
  const { tags, manifest, iidfile } = options;
  for (const name of [...tags, ...(manifest === undefined ? [] : [manifest])]) newImageName(name);
  const several = platformsOf(options).length > 1;
  for (const output of outputs) checkOutput(output, tags, several, workingDirectory);
  const streams = outputs.filter((output) => 'destination' in output && output.destination === '-');
  if (streams.length > 0) standardOutput(write);
  if (streams.length > 1)
    throw refused(
      `${streams.length} outputs to standard output`,
      'it can take one',
      'dest=FILE for the others',
    );
  if (iidfile !== undefined && !storesImage(options))
    throw refused(
      '--iidfile',
      'no image is made, only files',
      'give the image a name with -t: it is stored then',
    );
}

function checkOutput(
  output: BuildOutput,
  tags: readonly string[],
  several: boolean,
  workingDirectory: string,
): void {
  if ('names' in output) output.names.map(newImageName);
  if (output.type === 'image') {
    if (output.push && output.names.length + tags.length === 0)
      throw refused('push', 'the image has no name', 'give one with -t, or name= of --output');
    return;
  }
  if (output.type === 'docker' && several)
    throw refused('--output type=docker', 'it has room for one platform', 'type=oci takes several');
  if (output.destination === '-') return;
  const place = placeOfOutput(output.destination, workingDirectory);
  if (output.type === 'local' || (output.type === 'oci' && !output.tar)) checkDirectory(place);
  else checkFile(place);
}

/** A directory that isn't there is made. */
function checkDirectory(place: string): void {
  let nearest = place;
  while (!statSync(nearest, { throwIfNoEntry: false })) nearest = dirname(nearest);
  demandWritable(`${nearest}/.`, place);
}

/** A file that takes the place of another needs its directory; what is no plain file is written as it is. */
function checkFile(place: string): void {
  const about = statSync(place, { throwIfNoEntry: false });
  if (about?.isDirectory()) throw unwritable(place, Object.assign(new Error(), { code: 'EISDIR' }));
  demandWritable(!about || about.isFile() ? dirname(place) : place, place);
}

function demandWritable(path: string, place: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw unwritable(place, error);
  }
}

function refused(what: string, why: string, hint: string): PodError {
  return new PodError({ code: 'usage', message: `cannot use ${what}`, why, hint });
}
