/** The kernel's side of a filter: classic BPF over struct seccomp_data, as linux/filter.h and seccomp(2) define it. */

export interface Call {
  arch: number;
  number: number;
  args: bigint[];
}

/** Runs a program as the kernel would, with its checks: only forward jumps, and a value at the end of every way. */
export function runFilter(program: Uint8Array, call: Call): number {
  const view = new DataView(program.buffer, program.byteOffset, program.length);
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, call.number, true);
  data.setUint32(4, call.arch, true);
  for (let i = 0; i < 6; i++) data.setBigUint64(16 + 8 * i, BigInt.asUintN(64, call.args[i] ?? 0n), true);
  const count = program.length / 8;
  let accumulator = 0;
  for (let at = 0; at < count; at++) {
    const op = view.getUint16(at * 8, true);
    const k = view.getUint32(at * 8 + 4, true);
    const jump = (holds: boolean): number => view.getUint8(at * 8 + (holds ? 2 : 3));
    if (op === 0x06) return k;
    else if (op === 0x20) accumulator = data.getUint32(k, true);
    else if (op === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (op === 0x05) at += k;
    else if (op === 0x15) at += jump(accumulator === k);
    else if (op === 0x25) at += jump(accumulator > k);
    else if (op === 0x35) at += jump(accumulator >= k);
    else if (op === 0x45) at += jump((accumulator & k) !== 0);
    else throw new Error(`no instruction 0x${op.toString(16)} at ${at}`);
  }
  throw new Error('fell off the end of the program');
}
