/** What the fuzzers of the tar codec share: a repeatable source of chance, seeds, and ways to spoil them. */
import { paxRecord } from '../../core/archive/pax.ts';
import { archive, octal, padded, rawEntry } from '../unit/core/archive/hand-made.ts';

export type Random = (below: number) => number;

/** Mulberry32: the same seed gives the same run. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const INTERESTING = [0, 1, 0x2f, 0x30, 0x37, 0x7f, 0x80, 0xff];

function pax(records: Record<string, string>): Buffer {
  const body = Object.entries(records).map(([key, value]) => paxRecord(key, value));
  return rawEntry({ name: 'pax', type: 'x' }, body.join(''));
}

/** One archive of each kind that the parser knows. */
export const seeds: Buffer[] = [
  archive(
    rawEntry({ name: 'dir/', type: '5' }),
    rawEntry({ name: 'dir/file' }, 'hello'.repeat(200)),
    rawEntry({ name: 'dir/link', type: '2', link: '../x' }),
    rawEntry({ name: 'hard', type: '1', link: 'dir/file' }),
    rawEntry({ name: 'dev', type: '3' }),
    rawEntry({ name: 'pipe', type: '6' }),
  ),
  archive(
    pax({ path: 'p'.repeat(200), mtime: '1.5', uid: '70000', 'SCHILY.xattr.user.a': '\0\xff', size: '4' }),
    rawEntry({}),
    padded('four'),
    rawEntry({ type: 'g' }, paxRecord('comment', 'c')),
    pax({ linkpath: 'l'.repeat(200), 'LIBARCHIVE.xattr.user.b': 'AAEC' }),
    rawEntry({ type: '2' }),
  ),
  archive(
    rawEntry({ name: '././@LongLink', type: 'L', magic: 'ustar  \0' }, `${'n'.repeat(150)}\0`),
    rawEntry({ name: '././@LongLink', type: 'K', magic: 'ustar  \0' }, `${'k'.repeat(150)}\0`),
    rawEntry({ type: '2', magic: 'ustar  \0' }),
    rawEntry({ name: 'd/.wh.gone' }),
    rawEntry({ name: 'd/.wh..wh..opq' }),
  ),
  archive(
    pax({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.name': 's',
      'GNU.sparse.realsize': '3000',
    }),
    rawEntry({}, Buffer.concat([padded('2\n1000\n2\n2000\n1\n'), Buffer.from('abc')])),
    pax({ 'GNU.sparse.map': '10,2,20,1', 'GNU.sparse.size': '100' }),
    rawEntry({}, 'abc'),
  ),
  archive(
    rawEntry(
      {
        name: 'old-sparse',
        type: 'S',
        magic: 'ustar  \0',
        patch: (block) => {
          block.write(`${octal(100)}\0${octal(2)}`, 386, 'latin1');
          block.write(octal(1000), 483, 'latin1');
        },
      },
      'ab',
    ),
  ),
];

/** A spoiled copy; `others` are cut up and mixed in. Headers get their checksum back more often than not. */
export function mutate(bytes: Buffer, others: Buffer[], chance: Random): Buffer {
  let out = Buffer.from(bytes);
  for (let times = 1 + chance(4); times > 0; times--) {
    const at = chance(out.length || 1);
    switch (chance(6)) {
      case 0:
        out[at] = chance(256);
        break;
      case 1:
        out[at] = INTERESTING[chance(INTERESTING.length)] as number;
        break;
      case 2:
        out = out.subarray(0, at);
        break;
      case 3: {
        const from = Math.floor(at / 512) * 512;
        out = Buffer.concat([out.subarray(0, from), out.subarray(from + 512 * (1 + chance(3)))]);
        break;
      }
      case 4: {
        const other = others[chance(others.length)] as Buffer;
        const from = 512 * chance(Math.ceil(other.length / 512));
        const to = 512 * chance(Math.ceil(out.length / 512) || 1);
        out = Buffer.concat([out.subarray(0, to), other.subarray(from), out.subarray(to)]).subarray(
          0,
          64 << 10,
        );
        break;
      }
      default: {
        const digits = String(chance(2) ? chance(10) : chance(2 ** 31));
        out.write(digits, at, 'latin1');
      }
    }
  }
  if (chance(8) > 0)
    for (let at = 0; at + 512 <= out.length; at += 512) mendChecksum(out.subarray(at, at + 512));
  return out;
}

/** Gives blocks that look like headers the sum that they need. */
function mendChecksum(block: Buffer): void {
  if (!/^ustar/.test(block.toString('latin1', 257, 262))) return;
  block.fill(0x20, 148, 156);
  const sum = block.reduce((a, b) => a + b, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
}
