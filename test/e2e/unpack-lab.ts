/** What the tests of unpacking share: a layer of hand-made entries goes in, and its root looks at what came out. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type NewEntry, tarEnd, tarHeader, tarPadding } from '../../core/archive/tar-writer.ts';
import { PodError } from '../../core/error.ts';
import type { Namespace } from '../../core/images/unpack/apply-job.ts';
import { type UnpackedLayer, type UnpackOptions, unpackLayer } from '../../core/images/unpack/unpack.ts';
import { currentUser, hostIdMap, mapPlan } from '../../rootless/id-map.ts';
import { encodePlan } from '../../rootless/plan.ts';
import { binary, sandbox } from './harness/sandbox.ts';

export const layersDir = join(sandbox.work, 'layers');
mkdirSync(layersDir, { recursive: true });

const launcher = join(dirname(binary), 'launcher');
export const namespace: Namespace = { launcher, maps: mapPlan(hostIdMap()) };
const me = currentUser();
export const oneId: Namespace = {
  launcher,
  maps: [
    ['uidmap', '0', String(me.uid), '1'],
    ['gidmap', '0', String(me.gid), '1'],
    ['setgroups', 'deny'],
  ],
};

export type Item = NewEntry & { content?: string | Buffer };

export function tar(...items: Item[]): Buffer {
  const blocks = items.flatMap(({ content = '', ...entry }) => {
    const data = Buffer.from(content as string);
    return [tarHeader({ ...entry, size: data.length }), data, tarPadding(data.length)];
  });
  return Buffer.concat([...blocks, tarEnd()]);
}

export async function* chunks(bytes: Uint8Array, size = 64 << 10): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function digest(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Unpacks a tar, compressed on the way; gives the directory. */
export async function unpacked(bytes: Buffer, options: Partial<UnpackOptions> = {}): Promise<string> {
  const layer = await unpackLayer(chunks(gzipSync(bytes, { level: 1 })), {
    layersDir,
    namespace,
    diffId: digest(bytes),
    ...options,
  });
  return join(options.layersDir ?? layersDir, layer.diffId.slice(7), 'fs');
}

export function unpack(source: Buffer, options: Partial<UnpackOptions> = {}): Promise<UnpackedLayer> {
  return unpackLayer(chunks(source), { layersDir, namespace, ...options });
}

/** The error of a layer that must be refused; checks that nothing of it is left. */
export async function refusal(work: Promise<unknown>): Promise<PodError> {
  const before = readdirSync(layersDir).filter((name) => !name.startsWith('tmp.'));
  try {
    await work;
  } catch (error) {
    const after = readdirSync(layersDir);
    if (String(after.sort()) !== String(before.sort())) throw new Error(`left behind: ${after}`);
    if (error instanceof PodError) return error;
    throw error;
  }
  throw new Error('the layer was taken');
}

/** Runs a shell script as root of the namespace; `$1`... are the arguments. Gives what it prints. */
export function asRoot(
  script: string,
  args: string[] = [],
  options: { mount?: boolean; of?: Namespace } = {},
): Promise<string> {
  const { launcher, maps } = options.of ?? namespace;
  const plan = encodePlan('enter', [
    ...maps,
    ...(options.mount ? [['namespace', 'mount']] : []),
    ['exec', '/bin/sh', '-euc', script, 'sh', ...args],
  ]);
  return new Promise((resolve, reject) => {
    const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C', TZ: 'UTC' };
    execFile(launcher, ['-c', plan], { env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

/** One line a file: type, mode, owner, size, time, links, name, target. */
export function listing(directory: string): Promise<string> {
  return asRoot(
    'cd "$1"; find . -printf "%y %m %U:%G %T@ %n %p %l" \\( -type f -printf " %s\\n" -o -printf "\\n" \\) | sort -k6',
    [directory],
  );
}
