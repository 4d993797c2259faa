/**
 * i386 has two calls that stand for many: socketcall(2) and ipc(2), the first argument says which one is meant.
 * A rule about `bind` that says nothing of arguments must hold for socketcall(SYS_BIND) too, or a 32-bit program
 * walks around it; the arguments themselves are behind a pointer, which a filter can't follow. libseccomp does the same.
 */

const SOCKETCALL =
  'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown ' +
  'setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg';

/** linux/ipc.h */
const IPC: Record<string, number> = {
  semop: 1,
  semget: 2,
  semctl: 3,
  semtimedop: 4,
  msgsnd: 11,
  msgrcv: 12,
  msgget: 13,
  msgctl: 14,
  shmat: 21,
  shmdt: 22,
  shmget: 23,
  shmctl: 24,
};

export interface Through {
  /** The call that stands for it. */
  call: 'socketcall' | 'ipc';
  /** Which bits of its first argument say what is meant; the rest of ipc's is a version (ipc(2)). */
  mask: bigint;
  value: bigint;
}

const THROUGH = new Map<string, Through>([
  ...SOCKETCALL.split(' ').map((name, index): [string, Through] => [
    name,
    { call: 'socketcall', mask: 0xffffffffn, value: BigInt(index + 1) },
  ]),
  ...Object.entries(IPC).map(([name, value]): [string, Through] => [
    name,
    { call: 'ipc', mask: 0xffffn, value: BigInt(value) },
  ]),
]);

/** How a 32-bit x86 program reaches a call besides by its own number. */
export function throughOther(name: string): Through | undefined {
  return THROUGH.get(name);
}
