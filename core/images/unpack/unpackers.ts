/**
 * Who unpacks the layers of a pull: processes of this program, as many as can work at the same time. To decompress,
 * hash and read an archive takes longer than to download it, and this process has but one thread for JavaScript. (Node's
 * own workers take three times as long to start in a program that has a start-up snapshot, and can't start processes.)
 * What is small is unpacked right here.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { PodError } from '../../error.ts';
import { createGate } from '../../gate.ts';
import { ownProgram, UNPACKER } from '../../own-program.ts';
import { interrupted } from '../../registry/retry.ts';
import { followFile } from '../pull/follow-file.ts';
import type { Growth } from '../pull/growth.ts';
import { type UnpackedLayer, type UnpackOptions, unpackLayer } from './unpack.ts';
import { errorOf, type FromUnpacker, messageLine, messages, type ToUnpacker } from './unpack-messages.ts';

export interface UnpackRequest extends Omit<UnpackOptions, 'sync' | 'diffId'> {
  /** The compressed layer; it grows as `growth` says. */
  readonly path: string;
  readonly growth: Growth;
  readonly diffId: string;
}

export interface Unpackers {
  /** As unpackLayer. Waits until somebody is free. */
  unpack(request: UnpackRequest): Promise<UnpackedLayer>;
  close(): Promise<void>;
}

/** Fewer bytes are not worth the start of a process. */
const WORTHWHILE = 16 << 20;
const MOST = 4;
/** So many bytes more are worth a message. */
const NEWS = 1 << 20;

/** For so many layers, of so many bytes in all. */
export function openUnpackers(layers: number, bytes: number): Unpackers {
  const program = ownProgram();
  const width = Math.min(layers, availableParallelism(), MOST);
  if (program === undefined || width < 2 || bytes < WORTHWHILE) return unpackHere;
  const gate = createGate(width);
  const idle = Array.from({ length: width }, () => startUnpacker(program));
  const all = [...idle];
  return {
    unpack: (request) =>
      gate(async () => {
        const unpacker = idle.pop() as Unpacker;
        try {
          return await unpacker.unpack(request);
        } finally {
          idle.push(unpacker);
        }
      }),
    close: async () => void (await Promise.all(all.map((unpacker) => unpacker.close()))),
  };
}

const unpackHere: Unpackers = {
  unpack: ({ path, growth, ...options }) => unpackLayer(followFile(path, growth), options),
  close: async () => {},
};

interface Unpacker {
  unpack(request: UnpackRequest): Promise<UnpackedLayer>;
  close(): Promise<void>;
}

function startUnpacker([command, ...words]: readonly string[]): Unpacker {
  const child = spawn(command!, [...words, UNPACKER], {
    argv0: 'tsc-pod',
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = endOf(child);
  child.stdin!.on('error', () => {}); // its end tells
  const answers = messages<FromUnpacker>(child.stdout!);
  const say = (message: ToUnpacker): void => void child.stdin!.write(messageLine(message));

  async function unpack({
    path,
    growth,
    signal,
    onNotice,
    ...options
  }: UnpackRequest): Promise<UnpackedLayer> {
    if (signal?.aborted) throw interrupted(signal.reason);
    say({ unpack: { path, ...options }, bytes: growth.bytes });
    const unfollow = passOn(growth, signal, say);
    try {
      for (;;) {
        const { value } = await answers.next();
        if (value === undefined) throw await ended;
        if ('notice' in value) onNotice?.(value.notice);
        else if ('layer' in value) return value.layer;
        else throw growth.ending?.error ?? errorOf(value.error);
      }
    } finally {
      unfollow();
    }
  }

  return {
    unpack,
    close: async () => {
      child.stdin!.end();
      await ended;
    },
  };
}

/** Tells how far the file is, as that changes. Gives what calls it off. */
function passOn(growth: Growth, signal: AbortSignal | undefined, say: (message: ToUnpacker) => void) {
  let said = growth.bytes;
  let over: 'end' | 'stop' | undefined;
  const tell = (): void => {
    if (over === 'stop') return;
    if (signal?.aborted || (growth.ending && 'error' in growth.ending)) {
      say({ stop: true });
      over = 'stop';
    } else if (over === undefined && growth.ending) {
      say({ bytes: growth.bytes });
      say({ end: true });
      over = 'end';
    } else if (over === undefined && growth.bytes >= said + NEWS) {
      said = growth.bytes;
      say({ bytes: said });
    }
  };
  const unwatch = growth.watch(tell);
  signal?.addEventListener('abort', tell);
  tell();
  return (): void => {
    unwatch();
    signal?.removeEventListener('abort', tell);
  };
}

/** Why it gives no answer any more. */
async function endOf(child: ChildProcess): Promise<PodError> {
  const failed = (why: string, cause?: unknown): PodError =>
    new PodError({ code: 'launch', message: 'cannot unpack the layer', why, cause });
  try {
    const [status, signal] = await once(child, 'close');
    return failed(`the process that unpacks it was ended by ${signal ?? `itself, with ${status}`}`);
  } catch (error) {
    return failed(`a process that unpacks it can't be started: ${(error as Error).message}`, error);
  }
}
