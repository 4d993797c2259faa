import { PodError } from '../../error.ts';
import type { ImageReference, TransportReference } from '../../reference.ts';
import type { ImageRecord } from '../format/types.ts';
import type { ManifestList } from '../lists/manifest-list.ts';
import type { PlaceOptions } from '../pull/places.ts';
import type { ImageDestination } from '../push/destination.ts';
import { type ListOptions, sendList } from '../push/push-list.ts';
import { type SendOptions, type SentImage, sendImage } from '../push/send-image.ts';
import { openTransportDestination } from './open-destination.ts';

/** `push IMAGE oci-archive:FILE`: the place is complete when this resolves, and as it was before when it throws. */
export function sendToTransport(
  image: Pick<ImageRecord, 'digest' | 'mediaType'>,
  reference: TransportReference,
  options: SendOptions,
): Promise<SentImage> {
  return send(reference, options, (destination, format) =>
    sendImage(image, destination, { ...options, format }),
  );
}

/** The same for a list with its images. Throws PodError `unsupported` for a place that holds one image alone. */
export async function sendListToTransport(
  list: ManifestList,
  reference: TransportReference,
  options: Omit<ListOptions, 'places'> & PlaceOptions,
): Promise<SentImage> {
  if (reference.transport === 'docker-archive')
    throw new PodError({
      code: 'unsupported',
      message: `cannot push a list to docker-archive:${reference.path}`,
      why: 'its format has images of one platform',
      hint: `oci-archive:${reference.path} holds lists`,
    });
  // What --creds says is for the place that is pushed to, which is no registry here.
  const places = (_: ImageReference): PlaceOptions => ({ ...options, credentials: undefined });
  return send(reference, options, (destination, format) =>
    sendList(list, destination, { ...options, format, places }),
  );
}

async function send(
  reference: TransportReference,
  options: Pick<SendOptions, 'format'>,
  work: (destination: ImageDestination, format: SendOptions['format']) => Promise<SentImage>,
): Promise<SentImage> {
  const destination = await openTransportDestination(reference);
  try {
    const format = options.format ?? (reference.transport.startsWith('oci') ? 'oci' : undefined);
    const sent = await work(destination, format);
    await destination.commit();
    return sent;
  } finally {
    await destination.close();
  }
}
