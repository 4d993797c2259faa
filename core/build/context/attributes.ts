/** Extended attributes of the user's files, which Node can't read: those that BuildKit and buildah copy. */

import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { spawnLauncher } from '../../../rootless/launcher.ts';
import { PodError } from '../../error.ts';
import { launcherPath } from '../../launcher.ts';

/** Owners of a context aren't kept, so neither are access control lists, which name them. */
const COPIED = /^(?:user\.|security\.capability$)/;

/** Of each path, links not followed; none of what can't be opened. Names are byte strings. */
export async function attributesOf(paths: readonly Buffer[]): Promise<Map<string, Buffer>[]> {
  const child = spawnLauncher(launcherPath(), 'enter', [['attributes']], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'close');
  const input = child.stdin as Writable;
  input.on('error', () => {}); // its exit status tells
  input.end(Buffer.concat(paths.flatMap((path) => [path, Buffer.of(0)])));
  const lines = (await text(child.stdout as Readable)).split('\n');
  const [code] = await ended;
  if (code !== 0) throw new PodError({ code: 'io', message: 'cannot read extended attributes' });
  return paths.map((_, at) => attributesIn(lines[at]!));
}

/** " NAME=VALUE NAME=VALUE" in hexadecimal digits. */
function attributesIn(line: string): Map<string, Buffer> {
  const all = line
    .split(' ')
    .slice(1)
    .map((one): [string, Buffer] => {
      const [name, value] = one.split('=').map((digits) => Buffer.from(digits, 'hex'));
      return [name!.toString('latin1'), value!];
    });
  return new Map(all.filter(([name]) => COPIED.test(name)).sort(([a], [b]) => (a < b ? -1 : 1)));
}
