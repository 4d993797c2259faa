/** An agent with the keys of files: draft-miller-ssh-agent, of which it tells its keys and signs. */

import type { Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { SshKey } from './key.ts';
import { readWire, string, uint32 } from './wire.ts';

/** As OpenSSH's agent has it. */
const LONGEST = 256 << 10;
const FAILURE = Buffer.of(5);
const REQUEST = { identities: 11, sign: 13 };
const ANSWER = { identities: Buffer.of(12), signed: Buffer.of(14) };

/** Speaks with whoever has connected, a command of the build, until they end it or say what makes no sense. */
export function serveKeys(connection: Socket, keys: readonly SshKey[]): void {
  pipeline(
    connection,
    (requests) => answers(requests as AsyncIterable<Buffer>, keys),
    connection,
    () => {},
  );
}

async function* answers(
  requests: AsyncIterable<Buffer>,
  keys: readonly SshKey[],
): AsyncGenerator<Buffer, void, undefined> {
  let pending = Buffer.alloc(0);
  for await (const bytes of requests) {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= 4) {
      const length = pending.readUInt32BE(0);
      if (length > LONGEST) return;
      if (pending.length < 4 + length) break;
      yield string(answer(pending.subarray(4, 4 + length), keys));
      pending = pending.subarray(4 + length);
    }
  }
}

function answer(request: Buffer, keys: readonly SshKey[]): Buffer {
  try {
    if (request[0] === REQUEST.identities) {
      const all = keys.flatMap(({ blob, comment }) => [string(blob), string(comment)]);
      return Buffer.concat([ANSWER.identities, uint32(keys.length), ...all]);
    }
    if (request[0] !== REQUEST.sign) return FAILURE;
    const asked = readWire(request.subarray(1));
    const [blob, data, flags] = [asked.string(), asked.string(), asked.uint32()];
    const signature = keys.find((key) => key.blob.equals(blob))?.sign(data, flags);
    return signature ? Buffer.concat([ANSWER.signed, string(signature)]) : FAILURE;
  } catch {
    return FAILURE; // it ends too early
  }
}
