/** Published ports (rootless/native/publish.c, forward.c, forward-udp.c) under the sanitizers, with peers that break, flood and idle. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../e2e/harness/eventually.ts';
import { buildDriver, sanitizers, scratch } from './build.ts';

const files = [
  ...[
    'publish.c',
    'forward.c',
    'forward-ends.c',
    'forward-udp.c',
    'forward-flows.c',
    'forward-packet.c',
    'clock.c',
  ],
  ...['descriptors.c', 'netlink.c', 'message.c', 'plan.c', 'die.c'],
];
const driver = buildDriver('publish', files);
const findings = mkdtempSync(join(scratch(), 'found-'));
const FIRST = 20000 + (process.pid % 20000);
const [ECHO, RESET, COUNT, FLOOD, HOLD, NOBODY, UDP_ECHO, UDP_NOBODY] = [0, 1, 2, 3, 4, 5, 6, 7].map(
  (i) => FIRST + i,
) as [number, number, number, number, number, number, number, number];
const FLOOD_BYTES = 48 << 20;

let child: ChildProcess;
const said: string[] = [];
const residentPages = (): number => Number(readFileSync(`/proc/${said[0]}/statm`, 'utf8').split(' ')[1]);

/** `limit` descriptors at most: those beyond wait in the listener's queue. */
async function begin(limit: number): Promise<void> {
  said.length = 0;
  child = spawn('sh', ['-c', `ulimit -n ${limit}; exec "$0" "$1"`, driver, String(FIRST)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...sanitizers, ASAN_OPTIONS: `detect_leaks=0:log_path=${findings}/found` },
  });
  createInterface(child.stdout!).on('line', (line) => said.push(line));
  await eventually(() => said.length > 0);
}

async function end(): Promise<void> {
  child.stdin!.end();
  const [code] = await once(child, 'exit');
  for (const file of readdirSync(findings)) throw new Error(readFileSync(join(findings, file), 'utf8'));
  assert.is(code, 0);
}

async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return socket;
}

/** All that comes until the end; 'broken' where it is a reset. */
async function rest(socket: Socket): Promise<Buffer | 'broken'> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of socket) pieces.push(piece as Buffer);
  } catch {
    return 'broken';
  }
  return Buffer.concat(pieces);
}

async function echoes(text: string | Buffer): Promise<void> {
  const socket = await dial(ECHO);
  socket.end(text);
  assert.is(String(await rest(socket)), String(text));
}

test('each way ends by itself, with all that was sent before', async () => {
  await begin(1000);
  await echoes(Buffer.alloc(3 << 20, 'abc'));
  const socket = await dial(COUNT);
  socket.end(Buffer.alloc(5 << 20));
  assert.is(String(await rest(socket)), String(5 << 20));
  const all = await rest(await dial(FLOOD));
  assert.is(all.length, FLOOD_BYTES);
});

test('who is gone is gone on both sides', async () => {
  const broken = await dial(RESET);
  broken.write('x');
  assert.is(await rest(broken), 'broken');
  assert.is(await rest(await dial(NOBODY)), 'broken');
  const counted = said.length;
  for (let i = 0; i < 20; i++) {
    const socket = await dial(COUNT);
    socket.write(Buffer.alloc(100_000));
    await new Promise((resolve) => setTimeout(resolve, i));
    socket.resetAndDestroy();
  }
  await eventually(() => said.length === counted + 20);
  assert.ok(said.slice(counted).includes('broken'));
  await echoes('well');
});

test('who takes nothing holds up itself alone, and what waits for it is bounded', async () => {
  const slow = await dial(FLOOD);
  const full = await dial(HOLD);
  for (let i = 0; i < 64; i++) full.write(Buffer.alloc(1 << 20));
  for (let i = 0; i < 5; i++) await echoes(`well ${i}`);
  assert.ok(full.writableLength > 16 << 20, String(full.writableLength));
  assert.ok(residentPages() < 50_000, `${residentPages()} pages`);
  full.destroy();
  assert.is((await rest(slow)).length, FLOOD_BYTES);
});

test('more connections than there is room for wait, and each comes to its end', async () => {
  await end();
  await begin(300);
  await Promise.all(Array.from({ length: 60 }, (_, i) => echoes(`well ${i}`.repeat(5000))));
});

async function client(): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

async function askUdp(text: string | Buffer, port = UDP_ECHO, ms = 10_000): Promise<string | undefined> {
  const socket = await client();
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(ms) }).catch(() => [undefined]);
  socket.send(text, port, '127.0.0.1');
  const [bytes] = await answer;
  socket.close();
  return bytes && String(bytes);
}

test('datagrams of every size come and are answered, and who is not there is not', async () => {
  for (const size of [0, 1, 1399, 65_507 - '10.78.0.1 '.length]) {
    const text = 'abcdefg'.repeat(10_000).slice(0, size);
    assert.is(await askUdp(text), `10.78.0.1 ${text}`);
  }
  assert.is(await askUdp('x', UDP_NOBODY, 200), undefined);
});

test('a flood from many ports, to all, leaves room for others, and takes bounded memory', async () => {
  const before = residentPages();
  const sockets = await Promise.all(Array.from({ length: 1500 }, client));
  for (const [i, socket] of sockets.entries())
    socket.send('flood', i % 3 ? UDP_ECHO : UDP_NOBODY, '127.0.0.1');
  for (const socket of sockets) socket.close();
  const all = await Promise.all(
    Array.from({ length: 40 }, (_, i) => eventually(() => askUdp(`${i}`, UDP_ECHO, 1000))),
  );
  assert.equal(
    all,
    all.map((_, i) => `10.78.0.1 ${i}`),
  );
  assert.ok(residentPages() - before < 5000, `${residentPages() - before} pages`);
});

test('what is no answer is dropped, and reaches no other port', async () => {
  const other = await client();
  const found: string[] = [];
  other.on('message', (text) => found.push(String(text)));
  const junk = `junk${other.address().port}`;
  assert.is(await askUdp(junk), `10.78.0.1 ${junk}`);
  assert.is(await askUdp('well'), '10.78.0.1 well');
  assert.equal(found, []);
  other.close();
  await echoes('well');
});

test('what a flood of connections has opened is closed again', async () => {
  for (let round = 0; round < 3; round++) {
    const ports = Array.from({ length: 120 }, (_, i) => [ECHO, RESET, COUNT, FLOOD, HOLD, NOBODY][i % 6]!);
    const sockets = await Promise.all(ports.map(dial));
    for (const [i, socket] of sockets.entries()) {
      socket.write('x');
      /* who doesn't answer an end needs a reset */
      if (i % 5 === 0 || ports[i] === HOLD) socket.resetAndDestroy();
      else socket.destroy();
    }
    await Promise.all(Array.from({ length: 20 }, () => echoes('well')));
  }
  await end();
});

test.run();
