import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { PortMapping } from '../../../netns/port.ts';
import { findPortHolder } from '../../../netns/port-holder.ts';

const hex = (address: string): string => {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase());
  return (endianness() === 'LE' ? bytes.reverse() : bytes).join('');
};

/** A /proc with sockets of TCP (address, port, state, inode) and the processes that have them. */
function proc(
  sockets: [address: string, port: number, state: string, inode: number][],
  processes: Record<number, number>,
): string {
  const dir = mkdtempSync(join(tmpdir(), 'proc-'));
  const lines = sockets.map(
    ([address, port, state, inode], n) =>
      `   ${n}: ${address.length === 32 ? address : hex(address)}:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100`,
  );
  mkdirSync(join(dir, 'net'));
  writeFileSync(
    join(dir, 'net/tcp'),
    ['  sl  local_address ...', ...lines.filter((line) => !/ 0{32}:/.test(line)), ''].join('\n'),
  );
  writeFileSync(
    join(dir, 'net/tcp6'),
    ['  sl  local_address ...', ...lines.filter((line) => / 0{32}:/.test(line)), ''].join('\n'),
  );
  for (const [pid, inode] of Object.entries(processes)) {
    mkdirSync(join(dir, pid, 'fd'), { recursive: true });
    symlinkSync(`socket:[${inode}]`, join(dir, pid, 'fd/3'));
    writeFileSync(join(dir, pid, 'comm'), `server${pid}\n`);
  }
  return dir;
}

const wish = (hostIp: string, hostPort: number): PortMapping => ({
  hostIp,
  hostPort,
  containerPort: 80,
  protocol: 'tcp',
});

test('the one that listens at the same address is told, not one at another', () => {
  const dir = proc(
    [
      ['127.0.0.2', 8080, '0A', 11],
      ['127.0.0.1', 8080, '0A', 12],
    ],
    { 101: 11, 102: 12 },
  );
  assert.equal(findPortHolder(wish('127.0.0.1', 8080), dir), { pid: 102, program: 'server102' });
  assert.is(findPortHolder(wish('127.0.0.3', 8080), dir), undefined);
  assert.ok(findPortHolder(wish('0.0.0.0', 8080), dir));
  rmSync(dir, { recursive: true });
});

test('a server at all addresses, also by IPv6, has every one', () => {
  const dir = proc(
    [
      ['0'.repeat(32), 8080, '0A', 11],
      ['0.0.0.0', 8081, '0A', 12],
    ],
    { 101: 11, 102: 12 },
  );
  assert.is(findPortHolder(wish('127.0.0.1', 8080), dir)?.pid, 101);
  assert.is(findPortHolder(wish('127.0.0.1', 8081), dir)?.pid, 102);
  rmSync(dir, { recursive: true });
});

test('connections are no holders, and those of other users stay unknown', () => {
  const dir = proc(
    [
      ['127.0.0.1', 8080, '01', 11],
      ['127.0.0.1', 8081, '0A', 12],
    ],
    { 101: 11 },
  );
  assert.is(findPortHolder(wish('127.0.0.1', 8080), dir), undefined);
  assert.is(findPortHolder(wish('127.0.0.1', 8081), dir), undefined);
  rmSync(dir, { recursive: true });
});

test.run();
