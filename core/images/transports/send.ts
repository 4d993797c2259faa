import type { TransportReference } from '../../reference.ts';
import type { ImageRecord } from '../format/types.ts';
import { type SendOptions, type SentImage, sendImage } from '../push/send-image.ts';
import { openTransportDestination } from './open-destination.ts';

/** `push IMAGE oci-archive:FILE`: the place is complete when this resolves, and as it was before when it throws. */
export async function sendToTransport(
  image: Pick<ImageRecord, 'digest' | 'mediaType'>,
  reference: TransportReference,
  options: SendOptions,
): Promise<SentImage> {
  const destination = await openTransportDestination(reference);
  try {
    const format = options.format ?? (reference.transport.startsWith('oci') ? 'oci' : undefined);
    const sent = await sendImage(image, destination, { ...options, format });
    await destination.commit();
    return sent;
  } finally {
    await destination.close();
  }
}
