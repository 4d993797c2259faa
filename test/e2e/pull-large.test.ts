/**
 * Images that are worth processes of their own (core/images/unpack/unpackers.ts), from a registry that counts what it sends:
 * cut off anywhere, fetched by several at once, on a disk that is too small.
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { digestOf } from '../../core/images/format/digest.ts';
import { binary, command, eventually, pod, podOk, sandbox, startPod, tarOf, test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';
import { processesOf } from './harness/sweep.ts';
import { answer, type Fault, type FaultProxy, startFaultProxy } from './registry/fault-proxy.ts';

const OCI = 'application/vnd.oci.image';
const PIECE = 64 << 10;

let registry: FaultProxy;
/** Bytes of blobs that were asked for, by digest; pauses between pieces, in milliseconds. */
const sent = new Map<string, number>();
let pace = 0;

test.before(async () => {
  registry = await startFaultProxy(undefined);
  configure(`[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
});
test.after(() => registry?.stop());
test.before.each(() => {
  registry.forget();
  sent.clear();
  pace = 0;
});

/** Sends what a request wants of a blob, and counts it. */
function counted(data: Buffer, digest: string): Fault {
  return async (response, _, request) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    sent.set(digest, (sent.get(digest) ?? 0) + data.length - from);
    const range = { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` };
    response.writeHead(from ? 206 : 200, { ...(from && range), 'content-length': data.length - from });
    for (let at = from; at < data.length && !response.destroyed; at += PIECE) {
      response.write(data.subarray(at, at + PIECE));
      if (pace > 0) await new Promise((resolve) => setTimeout(resolve, pace));
    }
    response.end();
  };
}

function blob(data: Buffer, mediaType: string) {
  const digest = digestOf(data);
  registry.rules.push({ when: new RegExp(`GET .*/blobs/${digest}`), fault: counted(data, digest) });
  return { mediaType, digest, size: data.length };
}

interface Layer {
  packed: Buffer;
  diffId: string;
}

/** A layer of so many megabytes that can't be packed, and of as many that can, which `zeros` says. */
function layer(name: string, megabytes: number, zeros = 0): Layer {
  const tar = tarOf([
    { name: `${name}.noise`, content: randomBytes(megabytes << 20) },
    { name: `${name}.zeros`, content: Buffer.alloc(zeros << 20) },
  ]);
  return { packed: gzipSync(tar, { level: 1 }), diffId: digestOf(tar) };
}

function serveImage(repository: string, layers: readonly Layer[]): { name: string; size: number } {
  const config = {
    os: 'linux',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    created: repository,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  };
  const manifest = {
    schemaVersion: 2,
    config: blob(Buffer.from(JSON.stringify(config)), `${OCI}.config.v1+json`),
    layers: layers.map(({ packed }) => blob(packed, `${OCI}.layer.v1.tar+gzip`)),
  };
  registry.rules.push({
    when: new RegExp(`GET /v2/${repository}/manifests/`),
    fault: answer(200, { 'content-type': `${OCI}.manifest.v1+json` }, JSON.stringify(manifest)),
  });
  return {
    name: `${registry.host}/${repository}`,
    size: layers.reduce((sum, { packed }) => sum + packed.length, 0),
  };
}

const three = [layer('a', 6), layer('b', 6), layer('c', 6)];
const bytesOf = ({ packed }: Layer) => sent.get(digestOf(packed)) ?? 0;
const listed = (folder: string): string[] => {
  try {
    return readdirSync(join(sandbox.data, folder));
  } catch {
    return [];
  }
};
/** Bytes that are there of layers that were cut off. */
const kept = () =>
  listed('partial').reduce((sum, name) => sum + statSync(join(sandbox.data, 'partial', name)).size, 0);
const halfMade = () => [...listed('layers').filter((name) => name.startsWith('tmp.')), ...listed('trash')];
const unpackers = () => processesOf(sandbox.dir).filter(({ command }) => command.includes('__unpack'));
const nothingRuns = () => eventually(() => processesOf(sandbox.dir).length === 0);

async function clean(): Promise<void> {
  await podOk(['rmi', '-af']);
  assert.equal([...listed('layers'), ...listed('partial')], []);
}

test('layers are unpacked by processes of their own, which end with the pull', async () => {
  const { name } = serveImage('three', three);
  pace = 5;
  const child = startPod(['pull', '-q', name], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await eventually(() => unpackers().length === 2);
  assert.is(await ended, 0);
  assert.equal([unpackers(), halfMade(), listed('partial')], [[], [], []]);
  assert.is(await podOk(['system', 'check']), '');
  await clean();
});

test('a pull that is killed at any byte goes on there: only the rest is sent', async () => {
  const { name, size } = serveImage('three', three);
  pace = 2;
  for (const part of [0.02, 0.3, 0.31, 0.8]) {
    const child = startPod(['pull', '-q', name], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const stored = () =>
      three.reduce((sum, { packed }) => {
        const path = join(sandbox.data, 'images/blobs/sha256', digestOf(packed).slice(7));
        return sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
      }, kept());
    await eventually(() => stored() >= part * size);
    child.kill('SIGKILL');
    await ended;
    await nothingRuns(); // those that unpacked for it see its end, and tidy up
    assert.equal(halfMade(), []);
    assert.is(await podOk(['images', '-q']), '');
    const there = stored();
    sent.clear();
    if (part !== 0.8) continue;
    pace = 0;
    await podOk(['pull', '-q', name]);
    assert.is(
      three.reduce((sum, one) => sum + bytesOf(one), 0),
      size - there,
    );
  }
  assert.equal([halfMade(), listed('partial'), listed('layers').length], [[], [], 3]);
  await clean();
});

test('an interrupt ends a pull and all who work for it, and keeps what came', async () => {
  const { name, size } = serveImage('three', three);
  pace = 3;
  const child = startPod(['pull', '-q', name], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(signal ?? code)));
  await eventually(() => kept() > size / 4);
  process.kill(-child.pid!, 'SIGINT'); // as the terminal does: to the whole group
  assert.is(await ended, 'SIGINT');
  await nothingRuns();
  assert.equal(halfMade(), []);
  const there = kept();
  assert.ok(there > size / 4);
  sent.clear();
  pace = 0;
  await podOk(['pull', '-q', name]);
  assert.is(
    three.reduce((sum, one) => sum + bytesOf(one), 0),
    size - there,
  );
  await clean();
});

test('when one that unpacks is killed, the pull says so, tidies up, and the next one goes on', async () => {
  const { name } = serveImage('three', three);
  pace = 3;
  const pulling = pod(['pull', '-q', name]);
  await eventually(() => kept() > 0 && unpackers().length === 2);
  process.kill(unpackers()[0]!.pid, 'SIGKILL');
  const { code, stderr } = await pulling;
  assert.is(code, 125);
  assert.match(stderr, /^Error: .*the process that unpacks it was ended by SIGKILL\n/);
  assert.equal([halfMade(), unpackers()], [[], []]);
  pace = 0;
  await podOk(['pull', '-q', name]);
  await clean();
});

test('a large layer that is not what the config says is refused, and nothing is left', async () => {
  const { name } = serveImage('wrong', [three[0]!, { ...three[1]!, diffId: digestOf('another') }, three[2]!]);
  const { code, stderr } = await pod(['pull', '-q', name]);
  assert.is(code, 125);
  assert.match(
    stderr,
    `cannot unpack the layer ${digestOf('another')}: its content has the digest ${three[1]!.diffId}`,
  );
  assert.equal([halfMade(), listed('partial'), listed('layers')], [[], [], []]);
});

test('pulls at once, of one image and of others with the same layers, fetch each layer once', async () => {
  const one = serveImage('one', three);
  const two = serveImage('two', [three[1]!, three[0]!]);
  pace = 1;
  await Promise.all([one, one, two].map(({ name }) => podOk(['pull', '-q', name])));
  for (const each of three) assert.is(bytesOf(each), each.packed.length);
  assert.equal([halfMade(), listed('partial'), listed('layers').length], [[], [], 3]);
  assert.is((await podOk(['images', '-q'])).split('\n').length, 2);
  assert.is(await podOk(['system', 'check']), '');
  await clean();
});

test('a disk that fills up while several unpack is one error, and what was half there is gone', async () => {
  const { name } = serveImage('zeros', [layer('a', 9, 40), layer('b', 9, 40)]);
  const root = join(sandbox.work, 'small');
  const script = `mkdir -p ${root}; mount -t tmpfs -o size=60m none ${root} && "$0" --root ${root} pull -q "$1"; status=$?
    find ${root} -mindepth 2 -not -path '*/locks/*' -not -path '*/libexec/*' -type f >&2; exit $status`;
  const { code, stderr } = await command(['unshare', '-Urm', 'sh', '-c', script, binary, name]);
  assert.is(code, 125, stderr);
  assert.match(
    stderr,
    /^Error: cannot pull .*(no space left|disk is full).*\n.*(free some space|prune).*\n$/i,
  );
});

test('what an interrupted pull has left counts as space that is not needed again', async () => {
  const large = layer('d', 20);
  const { name } = serveImage('again', [large]);
  const root = join(sandbox.work, 'again');
  // 50 MB hold 20 MB packed and 20 MB unpacked, but not 20 MB once more.
  const script = `mkdir -p ${root}; mount -t tmpfs -o size=50m none ${root}; mkdir ${root}/partial
    head -c 20000000 "$2" >${root}/partial/${digestOf(large.packed).slice(7)}; "$0" --root ${root} pull -q "$1"`;
  const path = join(sandbox.work, 'packed');
  writeFileSync(path, large.packed);
  const { code, stderr } = await command(['unshare', '-Urm', 'sh', '-c', script, binary, name, path]);
  assert.equal([code, stderr], [0, '']);
  assert.is(bytesOf(large), large.packed.length - 20_000_000);
});

test.run();
