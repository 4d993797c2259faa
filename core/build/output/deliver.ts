/** Brings the result of a build to where `--output` says. */

import { PodError } from '../../error.ts';
import { fileOutput, streamOutput, type Write } from '../../images/archive/tar-output.ts';
import type { ImageRecord } from '../../images/format/types.ts';
import { newImageName } from '../../images/new-image.ts';
import { pushImage, type RegistryOptions } from '../../images/push/push.ts';
import { saveArchive, saveDirectory } from '../../images/push/save.ts';
import { tagImage } from '../../images/tag.ts';
import type { Paths } from '../../paths.ts';
import { parseImageReference } from '../../reference.ts';
import type { BuildContext } from '../context/build-context.ts';
import type { BuildOutput } from './output.ts';
import { placeOfOutput, writeLocal, writeTar, writeTarFile } from './write-files.ts';

export interface Delivery {
  readonly paths: Paths;
  /** It is stored, under the names of -t. */
  readonly image: ImageRecord;
  /** Its files, opened when they are needed. */
  readonly files: () => BuildContext;
  readonly workingDirectory: string;
  /** Standard output; undefined where that is a terminal. */
  readonly write: Write | undefined;
  readonly registry: RegistryOptions;
  readonly notice: (text: string) => void;
}

/** "exporting to oci archive app.tar", for the progress. */
export function describeOutput(output: BuildOutput): string {
  if (output.type === 'image') return output.push ? 'pushing' : 'naming';
  const place = output.destination === '-' ? 'standard output' : output.destination;
  return `exporting to ${output.type} ${place}`;
}

/** Does one of them. Throws PodErrors of what it is brought to. */
export async function deliver(output: BuildOutput, delivery: Delivery): Promise<void> {
  switch (output.type) {
    case 'image':
      return deliverImage(output, delivery);
    case 'local':
      for (const text of await writeLocal(delivery.files(), placeOf(output, delivery))) delivery.notice(text);
      return;
    case 'tar':
      return output.destination === '-'
        ? writeTar(delivery.files(), standardOutput(delivery))
        : writeTarFile(delivery.files(), placeOf(output, delivery));
    default:
      return deliverArchive(output, delivery);
  }
}

const placeOf = ({ destination }: { destination: string }, { workingDirectory }: Delivery): string =>
  placeOfOutput(destination, workingDirectory);

function standardOutput({ write }: Delivery): Write {
  if (write) return write;
  throw new PodError({
    code: 'usage',
    message: 'refused to write an archive to a terminal',
    hint: 'type=tar,dest=FILE, or a pipe',
  });
}

async function deliverArchive(
  output: BuildOutput & { type: 'oci' | 'docker' },
  delivery: Delivery,
): Promise<void> {
  const { paths, image, registry } = delivery;
  const names = [...image.names.filter((name) => !name.includes('@')), ...output.names.map(newImageName)];
  const images = [{ image, names: [...new Set(names)] }];
  const options = { paths, signal: registry.signal };
  if (!output.tar) return saveDirectory(images, 'oci-dir', placeOf(output, delivery), options);
  const archive =
    output.destination === '-'
      ? streamOutput(standardOutput(delivery))
      : await fileOutput(placeOf(output, delivery));
  await saveArchive(images, output.type === 'oci' ? 'oci-archive' : 'docker-archive', archive, options);
}

async function deliverImage(
  { names, push }: BuildOutput & { type: 'image' },
  { paths, image, registry }: Delivery,
): Promise<void> {
  if (names.length > 0) await tagImage(paths, image.id, names.map(newImageName));
  if (!push) return;
  const targets = names.length > 0 ? names : image.names;
  if (targets.length === 0)
    throw new PodError({
      code: 'usage',
      message: 'cannot push the image',
      why: 'it has no name',
      hint: 'give one with -t, or name= of --output',
    });
  for (const name of targets) await pushImage(image, parseImageReference(name), { ...registry, paths });
}
