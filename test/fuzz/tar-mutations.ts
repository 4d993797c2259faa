/** Ways to spoil an archive, or any bytes. */
import type { Random } from './chance.ts';

const INTERESTING = [0, 1, 0x2f, 0x30, 0x37, 0x7f, 0x80, 0xff];

/** A spoiled copy; `others` are cut up and mixed in. Headers get their checksum back more often than not. */
export function mutate(bytes: Buffer, others: readonly Buffer[], chance: Random): Buffer {
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
