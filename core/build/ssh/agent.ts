/** Agents for a build's commands: draft-miller-ssh-agent, of which they tell their keys and sign. */

import { connect, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { SshKey } from './key.ts';
import { readWire, string, uint32 } from './wire.ts';

/** As OpenSSH's agent has it. */
const LONGEST = 256 << 10;
const FAILURE = Buffer.of(5);
const REQUEST = { identities: 11, sign: 13 };
const ANSWER = { identities: Buffer.of(12), signed: Buffer.of(14) };

type Answering = (request: Buffer) => Buffer | Promise<Buffer>;

/** Speaks with whoever has connected, a command of the build, until they end it or say what makes no sense. */
export function serveKeys(connection: Socket, keys: readonly SshKey[]): void {
  serve(connection, (request) => answer(request, keys));
}

/**
 * The same of another agent: it is asked for its keys and for signatures. All else would change it, or have it load a
 * library (SSH_AGENTC_ADD_SMARTCARD_KEY), which is refused, as by BuildKit.
 */
export function passOn(connection: Socket, socket: string): void {
  const agent = connect(socket);
  const answers = messagesOf(agent);
  agent.on('error', () => connection.destroy());
  const ask = async (request: Buffer): Promise<Buffer> => {
    if (request[0] !== REQUEST.identities && request[0] !== REQUEST.sign) return FAILURE;
    agent.write(string(request));
    const { value } = await answers.next();
    if (value) return value;
    throw new Error('the agent has ended');
  };
  serve(connection, ask, () => agent.destroy());
}

function serve(connection: Socket, answering: Answering, ended: () => void = () => {}): void {
  pipeline(
    connection,
    async function* (requests: AsyncIterable<Buffer>) {
      for await (const request of messagesOf(requests)) yield string(await answering(request));
    },
    connection,
    ended,
  );
}

/** Messages without their lengths, until one is too long. */
async function* messagesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let pending = Buffer.alloc(0);
  for await (const bytes of stream) {
    pending = Buffer.concat([pending, bytes]);
    while (pending.length >= 4) {
      const length = pending.readUInt32BE(0);
      if (length > LONGEST) return;
      if (pending.length < 4 + length) break;
      yield pending.subarray(4, 4 + length);
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
