/** The body of a request from a file, as fast as the other end takes it. */

import type { ClientRequest } from 'node:http';

/** A part of a file, which is read anew for each try. */
export interface FileBody {
  readonly path: string;
  /** The first byte's offset. */
  readonly from: number;
  /** Bytes. */
  readonly size: number;
  /** Bytes that were handed to the connection in this try. */
  readonly onProgress?: (bytes: number) => void;
}

/** One is filled while the other is on its way. Large, so that the other end gets much with each read. */
const BUFFER = 256 << 10;

export function isFileBody(body: unknown): body is FileBody {
  return typeof body === 'object' && body !== null && 'path' in body;
}

/** Sends the body and ends the request. `wait` hears when a piece was taken, and when all was. */
export function sendFile(
  request: ClientRequest,
  body: FileBody,
  wait: { taken(): void; sent(): void },
): void {
  let answered = false;
  request.on('response', (response) => {
    answered = true;
    if (request.writableEnded) return;
    // A refusal: the rest of the body is not wanted, and the connection can't be used again without it.
    response.on('end', () => request.destroy()).on('close', () => request.destroy());
  });
  request.on('finish', () => answered || wait.sent());
  const stopped = (): boolean => answered || request.destroyed;
  copy(request, body, stopped, wait.taken).catch((error) => request.destroy(error));
}

async function copy(
  request: ClientRequest,
  { path, from, size, onProgress }: FileBody,
  stopped: () => boolean,
  taken: () => void,
): Promise<void> {
  const { open } = await import('node:fs/promises');
  const file = await open(path);
  try {
    const buffers = [Buffer.allocUnsafeSlow(BUFFER), Buffer.allocUnsafeSlow(BUFFER)] as const;
    let onItsWay: Promise<void> | undefined;
    for (let sent = 0, turn: 0 | 1 = 0; sent < size; turn ^= 1) {
      const wanted = Math.min(BUFFER, size - sent);
      const { bytesRead } = await file.read(buffers[turn as 0 | 1], 0, wanted, from + sent);
      if (bytesRead === 0) throw new Error(`${path} is shorter than it was`);
      await onItsWay;
      if (stopped()) return;
      if (sent > 0) taken();
      onProgress?.(sent);
      const piece = buffers[turn as 0 | 1].subarray(0, bytesRead);
      onItsWay = write(request, piece);
      // Whoever waits for it hears of its failure; until then it is no unhandled one.
      onItsWay.catch(() => {});
      sent += bytesRead;
    }
    await onItsWay;
    if (stopped()) return;
    onProgress?.(size);
    request.end();
  } finally {
    await file.close();
  }
}

/** Until the connection has let go of the bytes. */
function write(request: ClientRequest, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    request.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
