/** Brings the result of a build to where `--output` says. */

import { PodError } from '../../error.ts';
import { fileOutput, streamOutput, type Write } from '../../images/archive/tar-output.ts';
import type { ImageRecord } from '../../images/format/types.ts';
import type { ManifestList } from '../../images/lists/manifest-list.ts';
import { newImageName } from '../../images/new-image.ts';
import { pushImage, pushList, type RegistryOptions } from '../../images/push/push.ts';
import { isWholeList } from '../../images/push/push-target.ts';
import { saveArchive, saveDirectory } from '../../images/push/save.ts';
import type { SentImage } from '../../images/push/send-image.ts';
import { tagImage } from '../../images/tag.ts';
import type { Paths } from '../../paths.ts';
import { parseImageReference } from '../../reference.ts';
import type { BuildContext } from '../context/build-context.ts';
import type { BuildOutput } from './output.ts';
import { placeOfOutput, writeLocal, writeTar, writeTarFile } from './write-files.ts';

export interface Delivery {
  readonly paths: Paths;
  /** As it is stored; undefined where only files are wanted. */
  readonly image: ImageRecord | ManifestList | undefined;
  /** Those of -t, canonical. */
  readonly names: readonly string[];
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

/** Does one of them. Gives what a registry was sent, if one was. Throws PodErrors of what it is brought to. */
export async function deliver(output: BuildOutput, delivery: Delivery): Promise<SentImage | undefined> {
  switch (output.type) {
    case 'image':
      return deliverImage(output, delivery);
    case 'local':
      for (const text of await writeLocal(delivery.files(), placeOf(output, delivery))) delivery.notice(text);
      break;
    case 'tar':
      if (output.destination === '-') await writeTar(delivery.files(), standardOutput(delivery.write));
      else await writeTarFile(delivery.files(), placeOf(output, delivery));
      break;
    default:
      await deliverArchive(output, delivery);
  }
  return undefined;
}

const placeOf = ({ destination }: { destination: string }, { workingDirectory }: Delivery): string =>
  placeOfOutput(destination, workingDirectory);

/** Throws PodError `usage` where it is a terminal. */
export function standardOutput<T>(write: T | undefined): T {
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
  const { paths, registry } = delivery;
  const names = [...new Set([...delivery.names, ...output.names.map(newImageName)])];
  const images = [{ image: stored(delivery), names }];
  const options = { paths, signal: registry.signal };
  if (!output.tar) return saveDirectory(images, 'oci-dir', placeOf(output, delivery), options);
  const archive =
    output.destination === '-'
      ? streamOutput(standardOutput(delivery.write))
      : await fileOutput(placeOf(output, delivery));
  await saveArchive(images, output.type === 'oci' ? 'oci-archive' : 'docker-archive', archive, options);
}

async function deliverImage(
  { names, push }: BuildOutput & { type: 'image' },
  delivery: Delivery,
): Promise<SentImage | undefined> {
  const { paths, registry } = delivery;
  const image = stored(delivery);
  // Not by its id, which another manifest may have, too; lists may be alike in all but that.
  const built = isWholeList(image) ? image.id : image.digest;
  if (names.length > 0) await tagImage(paths, built, names.map(newImageName));
  let sent: SentImage | undefined;
  if (!push) return sent;
  for (const name of names.length > 0 ? names : delivery.names) {
    const reference = parseImageReference(name);
    sent = isWholeList(image)
      ? await pushList(image, reference, { ...registry, paths, all: true })
      : await pushImage(image, reference, { ...registry, paths });
  }
  return sent;
}

function stored({ image }: Delivery): ImageRecord | ManifestList {
  if (image) return image;
  throw new Error('an image is wanted that was not stored');
}
