/** What a reference to a place that isn't a registry names, to send one image there: `push IMAGE oci-archive:FILE`. */

import { statSync } from 'node:fs';
import { PodError } from '../../error.ts';
import { canonicalName, parseImageReference, type TransportReference } from '../../reference.ts';
import { archiveWriter, wholeName } from '../archive/archive-writer.ts';
import { fileOutput } from '../archive/tar-output.ts';
import { REF_NAME } from '../layout.ts';
import type { ImageDestination } from '../push/destination.ts';
import { directoryDestination, layoutDestination } from './directory-destination.ts';

/** Throws PodError `conflict` where something else is there, `unsupported` for what can't be written, `usage`. */
export async function openTransportDestination(reference: TransportReference): Promise<ImageDestination> {
  const { transport, path, selector } = reference;
  const description = `${transport}:${path}`;
  if (transport === 'dir') return directoryDestination(path);
  if (transport === 'oci')
    return layoutDestination(path, selector === undefined ? [] : [{ [REF_NAME]: selector }]);
  if (transport === 'containers-storage')
    throw new PodError({
      code: 'unsupported',
      message: `cannot write ${description}`,
      why: "podman's store is podman's to change",
      hint: `tsc-pod save IMAGE | podman load`,
    });
  const docker = transport === 'docker-archive';
  const names = selector === undefined ? [] : [docker ? nameIn(reference) : selector];
  if (statSync(path, { throwIfNoEntry: false })?.isFile())
    throw new PodError({
      code: 'conflict',
      message: `cannot write ${description}`,
      why: 'the file is there, and an archive is not added to',
    });
  const annotate = docker ? wholeName : (name: string) => ({ [REF_NAME]: name });
  const writer = archiveWriter(await fileOutput(path), { description, docker, annotate });
  return {
    ...writer.destination(names),
    commit: () => writer.commit(),
    close: () => writer.close(),
  };
}

function nameIn({ selector = '' }: TransportReference): string {
  const reference = parseImageReference(selector);
  if (reference.digest === undefined) return canonicalName(reference);
  throw new PodError({
    code: 'usage',
    message: `cannot call an image ${selector}`,
    why: 'a tag has no digest',
  });
}
