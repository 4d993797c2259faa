/** Builds that are cut off: by a signal at any moment, by a server that falls silent, by a disk that is full. */
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer as createWebServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ended, remains } from './container-lab.ts';
import { folder } from './copy-lab.ts';
import {
  binary,
  command,
  eventually,
  limitEachTest,
  pod,
  podOk,
  sandbox,
  startPod,
  test,
} from './harness/index.ts';
import { processesOf } from './harness/sweep.ts';
import { tar } from './unpack-lab.ts';

limitEachTest(90);

const BUILD = ['build', '--progress', 'plain', '--network', 'none'];

function entries(name: string): string[] {
  const directory = join(sandbox.data, name);
  return existsSync(directory) ? readdirSync(directory).map((entry) => `${name}/${entry}`) : [];
}

/** What is there of builds and what they start; nothing, when none is under way. */
function leftOf(): string[] {
  const layers = entries('layers').filter((path) => path.startsWith('layers/tmp.'));
  const running = processesOf(sandbox.dir).map(({ command }) => command);
  return [...remains(), ...entries('builds'), ...entries('partial'), ...layers, ...running];
}

/** ^C leaves nothing; what SIGKILL leaves, `system check --repair` removes; then the store is whole. */
async function isTidy(signal: NodeJS.Signals): Promise<void> {
  if (signal === 'SIGKILL') {
    const repaired = await pod(['system', 'check', '--repair']);
    assert.is(repaired.code, 0, repaired.stdout + repaired.stderr);
  }
  try {
    await eventually(() => leftOf().length === 0);
  } catch {
    assert.equal(leftOf(), [], signal);
  }
  assert.equal(await pod(['system', 'check']), ended(0));
}

/** Starts a build, sends the signal when `reached`, and sees how it ended. */
async function cutOff(signal: NodeJS.Signals, args: string[], reached: () => unknown, options = {}) {
  const child = startPod([...BUILD, ...args], options);
  let talk = '';
  child.stderr!.on('data', (chunk) => {
    talk += chunk;
  });
  const over = once(child, 'close');
  try {
    await eventually(reached);
  } catch (error) {
    throw new Error(`${error}\n${talk}`);
  }
  child.kill(signal);
  const [code] = await over;
  assert.is(code, signal === 'SIGKILL' ? null : 130, talk);
  if (signal === 'SIGINT') assert.match(talk, /Error: interrupted by SIGINT\n$/);
}

/** A server that says something, or nothing, and then no more. */
async function silent<T>(
  server: Server,
  use: (port: number, asked: () => boolean) => Promise<T>,
): Promise<T> {
  let asked = false;
  const open = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => {
    asked = true;
    open.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use((server.address() as AddressInfo).port, () => asked);
  } finally {
    for (const socket of open) socket.destroy();
    server.close();
  }
}

const webServer = (): Server =>
  createWebServer((_, response) => void response.writeHead(200, { 'content-length': '100' }).write('half'));
const mute = (): Server => createServer(() => {});
const scratch = (line: string): string => folder(`Dockerfile: FROM scratch\n${line}\n`);

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`${signal} while a server is silent: a context, ADD of an address or a repository`, async () => {
    await silent(webServer(), (port, asked) => cutOff(signal, [`http://127.0.0.1:${port}/c.tar`], asked));
    await isTidy(signal);
    await silent(webServer(), (port, asked) =>
      cutOff(signal, [scratch(`ADD http://127.0.0.1:${port}/f /f`)], asked),
    );
    await isTidy(signal);
    for (const [scheme, server] of [
      ['git', mute()],
      ['http', webServer()],
    ] as const)
      await silent(server, async (port, asked) => {
        await cutOff(signal, [scratch(`ADD ${scheme}://127.0.0.1:${port}/x.git /x`)], asked);
        await isTidy(signal);
      });
  });

  test(`${signal} while standard input gives no end of the context`, async () => {
    await cutOff(signal, ['-'], () => entries('builds').length > 0);
    await isTidy(signal);
  });

  test(`${signal} while a command runs that ignores signals, and has a child that left it`, async () => {
    const context = folder(
      `Dockerfile: FROM builtin:busybox\nRUN echo ${signal} >/one\nRUN trap "" TERM INT HUP; setsid sleep 9876 & sleep 9876\n`,
    );
    await cutOff(signal, [context], async () => (await command(['pgrep', '-xf', 'sleep 9876'])).code === 0);
    await isTidy(signal);
    writeFileSync(join(context, 'Dockerfile'), `FROM builtin:busybox\nRUN echo ${signal} >/one\nRUN true\n`);
    assert.match((await pod([...BUILD, context])).stderr, `RUN echo ${signal} >/one\n#3 CACHED\n`);
  });
}

test('whenever a build is cut off, nothing is left, and the next one goes on', async () => {
  const context = folder('f: f', 'd/e/f: x');
  writeFileSync(join(context, 'large'), Buffer.alloc(24 << 20, 'large '));
  writeFileSync(
    join(context, 'a.tar'),
    tar(
      ...Array.from({ length: 200 }, (_, n) => ({
        path: `a/${n}`,
        type: 'file' as const,
        uid: 5,
        content: 'x',
      })),
    ),
  );
  for (let n = 0; n < 12; n++) {
    writeFileSync(
      join(context, 'Dockerfile'),
      `FROM builtin:busybox\nENV N=${n}\nRUN cp -a /bin /copy && chown -R 7:8 /copy\nCOPY . /all\nADD a.tar /a/\nRUN rm -r /copy\nRUN sleep 100\n`,
    );
    const signal = n % 2 === 0 ? 'SIGKILL' : 'SIGINT';
    const child = startPod([...BUILD, context]);
    const over = once(child, 'close');
    setTimeout(() => child.kill(signal), 50 + n * 60);
    const [code] = await over;
    assert.ok(code === null || (signal === 'SIGINT' && code === 130), `${n}: ${code}`);
    // What an earlier one has left by SIGKILL may be there still.
    if (n % 6 === 3) await isTidy('SIGKILL');
  }
  await isTidy('SIGKILL');
  writeFileSync(
    join(context, 'Dockerfile'),
    'FROM builtin:busybox\nCOPY . /all\nADD a.tar /a/\nRUN find /a -user 5 | wc -l >/n\n',
  );
  await podOk([...BUILD, '-t', 'after', context]);
  assert.equal(await pod(['run', '--rm', '--network', 'none', 'after', 'cat', '/n']), ended(0, '200\n'));
});

test('who says nothing for so long is given up, with a reason', async () => {
  const env = { TSC_POD_REGISTRY_TIMEOUT: '1' };
  const failing = async (server: Server, line: (port: number) => string): Promise<string> =>
    silent(server, async (port) => {
      const { code, stderr } = await pod([...BUILD, scratch(line(port))], { env });
      assert.is(code, 125, stderr);
      return /^Error: (.*)/m.exec(stderr)![1]!.replaceAll(String(port), 'PORT');
    });
  assert.equal(
    await Promise.all([
      failing(webServer(), (port) => `ADD http://127.0.0.1:${port}/f /f`),
      failing(mute(), (port) => `ADD http://127.0.0.1:${port}/f /f`),
      failing(mute(), (port) => `ADD git://127.0.0.1:${port}/x.git /x`),
      failing(mute(), (port) => `ADD http://127.0.0.1:${port}/x.git /x`),
    ]),
    [
      'cannot fetch http://127.0.0.1:PORT/f: it was silent for 1 s while sending',
      'cannot fetch http://127.0.0.1:PORT/f: it was silent for 1 s while answering',
      'cannot get git://127.0.0.1:PORT/x.git: it was silent for 2 s',
      "cannot get http://127.0.0.1:PORT/x.git: unable to access 'http://127.0.0.1:PORT/x.git/': Operation too slow. Less than 1000 bytes/sec transferred the last 1 seconds",
    ],
  );
  await isTidy('SIGINT');
});

/** What the builds say on a disk with so much room, and then with more. */
const FULL_DISK = `mount -t tmpfs -o size=32m disk "$DISK" && fallocate -l "$((32768 - $ROOM))k" "$DISK/filler"
  export TSC_POD_ROOT="$DISK/data"
  "$POD" build --network none --progress plain "$CONTEXT" 2>&1 | grep -E "^Error:|^cat: |[/]4.*CACHED"
  rm "$DISK/filler"; ls -A "$DISK/data/builds" "$DISK/data/partial" | grep -v ":$" | grep .
  "$POD" system check --repair
  "$POD" build --network none --progress plain "$CONTEXT" 2>&1 | grep -B1 CACHED | grep -o "RUN .*\\|COPY .*"
  "$POD" system check && echo whole`;

test('a full disk is said, nothing half-made stays, and with more room the build goes on', async () => {
  const context = folder(
    'Dockerfile: FROM builtin:busybox\nRUN echo one >/one\nCOPY big /\nRUN cat /big /big >/twice\n',
    `big: ${'big '.repeat(1 << 19)}`,
  );
  const disk = join(sandbox.work, 'disk');
  mkdirSync(disk);
  const said = async (room: string) => {
    const env = { POD: binary, DISK: disk, CONTEXT: context, ROOM: room };
    const { stdout } = await command(['unshare', '-Urm', 'bash', '-c', FULL_DISK], { env });
    return stdout.trim().split('\n');
  };
  const one = 'RUN echo one >/one';
  const [error, ...rest] = await said('64');
  assert.is(
    error!.replace(/[0-9a-f]{16}/, 'HASH'),
    `Error: cannot write ${disk}/data/libexec/HASH/launcher: the disk is full`,
  );
  assert.equal(rest, ['whole']);
  assert.equal(await said('4096'), [
    'Error: cannot copy to /: cannot write big: No space left on device',
    one,
    'whole',
  ]);
  assert.equal(await said('6144'), [
    'Error: cannot store the files of COPY big /: the disk is full',
    one,
    'whole',
  ]);
  assert.equal(await said('12288'), [
    'Error: cannot store the files of a step: the disk is full',
    one,
    'COPY big /',
    'whole',
  ]);
});

test.run();
