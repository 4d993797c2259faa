/** The resolver of a bridge network at its sockets (rootless/native/resolve*.c): UDP, TCP, what is passed on, and floods. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver, sanitizers } from './build.ts';

const driver = buildDriver('resolve', [
  'resolve.c',
  'resolve-udp.c',
  'resolve-tcp.c',
  'dns.c',
  'hub-names.c',
  'clock.c',
  'die.c',
  'message.c',
]);
const PORT = 20000 + (process.pid % 20000);

function question(name: string, id = 7, type = 1): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])]);
}

/** id, code, whether it is cut, and the number of its records. */
const read = (answer: Buffer): number[] => [
  answer.readUInt16BE(0),
  answer[3]! & 15,
  (answer[2]! >> 1) & 1,
  answer.readUInt16BE(6),
];

const whole = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);

async function serve(upstream?: string): Promise<ChildProcess> {
  const child = spawn(driver, [String(PORT), ...(upstream ? [upstream] : [])], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...sanitizers },
  });
  await once(child.stdout!, 'data');
  return child;
}

/** Ends it; nothing of a sanitizer may have stopped it before. */
async function end(child: ChildProcess): Promise<void> {
  assert.is(child.exitCode, null);
  child.stdin!.end();
  const [code] = await once(child, 'exit');
  assert.is(code, 0);
}

async function udp(address: string): Promise<Datagrams> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket;
}

async function ask(message: Buffer, from = '127.0.0.2', to = '127.0.0.1', limit = 8000): Promise<Buffer> {
  const socket = await udp(from);
  socket.send(message, PORT, to);
  try {
    const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(limit) });
    return answer;
  } finally {
    socket.close();
  }
}

async function dial(localAddress = '127.0.0.2'): Promise<Socket> {
  const socket = connect({ port: PORT, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Also by a reset, which is an error too. */
const closed = (socket: Socket): Promise<unknown> => new Promise((resolve) => socket.once('close', resolve));

async function take(socket: Socket, length: number): Promise<Buffer> {
  let have: Buffer = Buffer.alloc(0);
  while (have.length < length) {
    const piece: Buffer | null = socket.read();
    if (piece) have = Buffer.concat([have, piece]);
    else if (socket.readableEnded || socket.destroyed) throw new Error('closed');
    else await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
  return have.subarray(2);
}

async function upstreamTcp(
  answer: (question: Buffer, socket: Socket) => void,
  host = '127.0.0.9',
): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => answer(data as Buffer, socket));
  });
  server.listen(PORT, host);
  await once(server, 'listening');
  return server;
}

test('answers by UDP at both addresses, cut where they are long', async () => {
  const child = await serve();
  assert.equal(read(await ask(question('web', 300))), [300, 0, 0, 1]);
  assert.equal(read(await ask(question('web', 301, 28), '::1', '::1')), [301, 0, 0, 1]);
  assert.equal(read(await ask(question('nobody'))), [7, 3, 0, 0]);
  assert.equal(read(await ask(question('many'))), [7, 0, 1, 30]);
  assert.equal(read(await ask(question('example.org'))), [7, 3, 0, 0]);
  await end(child);
});

test('answers by TCP are whole, one after the other, and come in pieces as they are asked', async () => {
  const child = await serve();
  const socket = await dial();
  const message = whole(question('many', 9));
  for (const byte of message) {
    socket.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(read(await take(socket, 2 + 12 + 10 + 1600)), [9, 0, 0, 100]);
  socket.write(Buffer.concat([whole(question('web', 10)), whole(question('nobody', 11))]));
  assert.equal(read(await take(socket, 2 + 12 + 9 + 16)).slice(0, 2), [10, 0]);
  socket.destroy();
  await end(child);
});

test('what is passed on comes back with its own number, by UDP and in long answers by TCP', async () => {
  const child = await serve('127.0.0.9');
  const server = await udp('127.0.0.9').then((socket) => {
    socket.close();
    return createSocket('udp4').bind(PORT, '127.0.0.9');
  });
  server.on('message', (data, from) => {
    const answer = Buffer.from(data);
    answer[2]! |= 0x80;
    answer[7] = 3;
    server.send(answer, from.port, from.address);
  });
  const long = Buffer.alloc(40000, 1);
  const tcp = await upstreamTcp((data, socket) => {
    data.copy(long, 0, 2, 14);
    const message = whole(long);
    socket.write(message.subarray(0, 1));
    setTimeout(() => socket.end(message.subarray(1)), 20);
  });
  const answers = await Promise.all([1, 2, 3].map((id) => ask(question(`${id}.example.org`, id))));
  assert.equal(
    answers.map(read),
    [1, 2, 3].map((id) => [id, 0, 0, 3]),
  );
  const socket = await dial();
  socket.write(whole(question('long.example.org', 77)));
  assert.is((await take(socket, 40002)).readUInt16BE(0), 77);
  socket.destroy();
  server.close();
  tcp.close();
  await end(child);
});

test('who has servers of its own is answered by the first of them that can, and its names are told to none', async () => {
  const child = await serve();
  const asked = { first: 0, second: 0 };
  let code: number | undefined = 2;
  const start = async (name: keyof typeof asked, host: string, answer: () => number | undefined) => {
    const server = createSocket('udp4');
    server.on('message', (data, { port, address }) => {
      asked[name]++;
      const said = answer();
      if (said === undefined) return;
      data[2]! |= 0x80;
      data[3] = said;
      server.send(data, port, address);
    });
    server.bind(PORT, host);
    await once(server, 'listening');
    return server;
  };
  const far = async (name: string): Promise<number[]> => read(await ask(question(name), '127.0.0.3'));
  const second = await start('second', '127.0.0.8', () => 0);
  assert.equal(await far('a.example.org'), [7, 0, 0, 0]); // at the first nobody listens
  const first = await start('first', '127.0.0.7', () => code);
  assert.equal(await far('b.example.org'), [7, 0, 0, 0]);
  assert.equal(asked, { first: 1, second: 2 });
  code = undefined; // it is mute
  assert.equal(await far('c.example.org'), [7, 0, 0, 0]);
  assert.equal(asked, { first: 2, second: 3 });
  code = 3; // it knows that there is none
  assert.equal(await far('d.example.org'), [7, 3, 0, 0]);
  assert.equal(await far('web'), [7, 0, 0, 1]);
  assert.equal(read(await ask(question('a.example.org'))), [7, 3, 0, 0]);
  assert.equal(asked, { first: 3, second: 3 });
  second.close();
  code = 2;
  assert.equal(await far('e.example.org'), [7, 2, 0, 0]);
  first.close();
  const tcp = await upstreamTcp((data, socket) => socket.end(data), '127.0.0.8');
  const socket = await dial('127.0.0.3');
  socket.write(whole(question('f.example.org', 8)));
  assert.is((await take(socket, 2 + question('f.example.org').length)).readUInt16BE(0), 8);
  tcp.close();
  await new Promise((resolve) => tcp.once('close', resolve));
  socket.write(whole(question('f.example.org', 9)));
  assert.equal(read(await take(socket, 14)), [9, 2, 0, 0]);
  socket.destroy();
  await end(child);
});

test('an upstream that is not there, or says nothing, or one byte, is told as a failure before a client asks again', async () => {
  const child = await serve('127.0.0.9');
  const begun = Date.now();
  assert.equal(read(await ask(question('a.example.org', 5))), [5, 2, 0, 0]);
  const socket = await dial();
  socket.write(whole(question('a.example.org', 6)));
  assert.equal(read(await take(socket, 14)), [6, 2, 0, 0]);
  assert.ok(Date.now() - begun < 3000);
  const silent = createSocket('udp4').bind(PORT, '127.0.0.9');
  await once(silent, 'listening');
  const mute = await upstreamTcp((_, answers) => answers.write('x'));
  socket.write(whole(question('b.example.org', 8)));
  const waits = Date.now();
  const [byUdp, byTcp] = await Promise.all([ask(question('b.example.org', 7)), take(socket, 14)]);
  assert.equal(
    [read(byUdp), read(byTcp)],
    [
      [7, 2, 0, 0],
      [8, 2, 0, 0],
    ],
  );
  assert.ok(Date.now() - waits >= 3500 && Date.now() - waits < 7000);
  const [worked] = readFileSync(`/proc/${child.pid}/schedstat`, 'utf8').split(' ');
  assert.ok(Number(worked) < 1e9, `it was at work for ${worked} ns meanwhile`);
  socket.destroy();
  silent.close();
  mute.close();
  await end(child);
});

test('floods of one member leave the others their answers: questions, those passed on, and connections', async () => {
  const child = await serve('127.0.0.9');
  const silent = createSocket('udp4').bind(PORT, '127.0.0.9');
  await once(silent, 'listening');
  const flood = await udp('127.0.0.66');
  const held: Socket[] = [];
  let on = true;
  const pour = (): void => {
    if (!on) return;
    for (let i = 0; i < 200; i++)
      flood.send(question(i % 2 ? 'many' : `x${i}.example.org`, i), PORT, '127.0.0.1');
    setImmediate(pour);
  };
  pour();
  for (let i = 0; i < 100; i++) {
    const socket = connect({ port: PORT, host: '127.0.0.1', localAddress: '127.0.0.66' });
    socket.on('error', () => {});
    socket.write(Buffer.from([0, 200, 1]));
    held.push(socket);
  }
  for (let i = 0; i < 20; i++)
    assert.equal(read(await ask(question('web', i), '127.0.0.3', '127.0.0.1', 3000)), [i, 0, 0, 1]);
  const socket = await dial();
  socket.write(whole(question('web', 4)));
  assert.equal(read(await take(socket, 14)).slice(0, 2), [4, 0]);
  on = false;
  for (const one of [...held, socket]) one.destroy();
  flood.close();
  silent.close();
  await end(child);
});

test('rubbish closes its own connection alone', async () => {
  const child = await serve('127.0.0.9');
  const good = await dial();
  for (const rubbish of [Buffer.from([0, 0]), Buffer.from([0xff, 0xff, 1]), whole(Buffer.alloc(40, 0xff))]) {
    const socket = await dial();
    socket.write(rubbish);
    socket.resume();
    await closed(socket);
  }
  good.write(whole(question('web', 1)));
  assert.equal(read(await take(good, 14)).slice(0, 2), [1, 0]);
  good.destroy();
  const half = await dial();
  half.end(Buffer.from([0, 30, 1]));
  half.resume();
  await closed(half);
  await end(child);
});

test.run();
