/** The body of a request from a stream, as fast as the other end takes it. */

import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';

/** A body of any size, which is opened anew for each try. */
export interface StreamBody {
  /** Bytes. */
  readonly size: number;
  open(): Readable;
  /** Bytes that were handed to the connection in this try. */
  readonly onProgress?: (bytes: number) => void;
}

export function isStreamBody(body: unknown): body is StreamBody {
  return typeof body === 'object' && body !== null && 'open' in body;
}

/** Streams a body into a request, and ends both when the answer comes before all of it was taken. */
export function sendStream(
  request: ClientRequest,
  body: StreamBody,
  wait: { taken(): void; sent(): void },
): void {
  const source = body.open();
  let bytes = 0;
  let answered = false;
  source.on('data', (chunk: Buffer) => {
    if (answered) return;
    bytes += chunk.length;
    wait.taken();
    body.onProgress?.(bytes);
  });
  source.on('error', (error) => request.destroy(error));
  request.on('finish', () => answered || wait.sent());
  request.on('close', () => source.destroy());
  request.on('response', (response) => {
    answered = true;
    if (request.writableEnded) return;
    // A refusal: the rest of the body is not wanted, and the connection can't be used again without it.
    source.unpipe(request);
    source.destroy();
    response.on('end', () => request.destroy()).on('close', () => request.destroy());
  });
  source.pipe(request);
}
