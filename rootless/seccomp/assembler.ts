/**
 * Classic BPF (linux/filter.h, linux/bpf_common.h), written from its end to its beginning: jumps only go forward,
 * so whatever an instruction jumps to is already there and its distance known. A label is how many instructions
 * follow the one it names.
 */

export type Label = number;
export type Test = 'eq' | 'gt' | 'ge';

const JUMP: Record<Test, number> = { eq: 0x15, gt: 0x25, ge: 0x35 }; // BPF_JMP | BPF_K | BPF_J*
const JUMP_ALWAYS = 0x05; // BPF_JMP | BPF_JA: its distance is a word
const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K

/** A conditional jump keeps its two distances in a byte each. */
const FARTHEST = 255;

export interface Assembler {
  /** Ends the program with a value. */
  finish(value: number): Label;
  /** Compares the accumulator with a word: if the test holds go to `yes`, else to `no`. */
  branch(test: Test, word: number, yes: Label, no: Label): Label;
  /** Loads a word of struct seccomp_data, masks it where a mask is given, and goes on. */
  load(offset: number, next: Label, mask?: number): Label;
  /** How many instructions there are. */
  length(): number;
  /** struct sock_filter[], little-endian; begins with the instruction that was written last. */
  program(): Uint8Array;
}

export function assembler(): Assembler {
  const code: [op: number, yes: number, no: number, k: number][] = [];
  const finished = new Map<number, Label>();

  const push = (op: number, yes: number, no: number, k: number): Label => {
    code.push([op, yes, no, k >>> 0]);
    return code.length - 1;
  };
  const distance = (to: Label): number => code.length - 1 - to;
  const jump = (to: Label): Label => push(JUMP_ALWAYS, 0, 0, distance(to));

  return {
    finish(value) {
      const known = finished.get(value);
      // Half the reach: what is written between this and the jump may still grow.
      if (known !== undefined && distance(known) < FARTHEST / 2) return known;
      const label = push(RETURN, 0, 0, value);
      finished.set(value, label);
      return label;
    },

    branch(test, word, yes, no) {
      if (yes === no) return yes;
      let nearYes = yes;
      let nearNo = no;
      // A stepping stone for one may put the other out of reach, hence the margin of one.
      if (distance(nearYes) > FARTHEST - 1) nearYes = jump(yes);
      if (distance(nearNo) > FARTHEST - 1) nearNo = jump(no);
      return push(JUMP[test], distance(nearYes), distance(nearNo), word);
    },

    load(offset, next, mask) {
      if (next !== code.length - 1) jump(next);
      if (mask !== undefined && mask !== 0xffffffff) push(AND, 0, 0, mask);
      return push(LOAD, 0, 0, offset);
    },

    length: () => code.length,

    program() {
      const bytes = new Uint8Array(code.length * 8);
      const view = new DataView(bytes.buffer);
      code.toReversed().forEach(([op, yes, no, k], index) => {
        view.setUint16(index * 8, op, true);
        view.setUint8(index * 8 + 2, yes);
        view.setUint8(index * 8 + 3, no);
        view.setUint32(index * 8 + 4, k, true);
      });
      return bytes;
    },
  };
}
