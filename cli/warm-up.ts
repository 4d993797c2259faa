import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arch } from 'node:process';
import type { Writable } from 'node:stream';
import { getHeapSnapshot, setFlagsFromString } from 'node:v8';
import { provideCompiledDefaults } from '../core/container/flags/seccomp-choice.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../core/images/format/media-types.ts';
import { REF_NAME } from '../core/images/layout.ts';
import { keepLaunchersIn } from '../core/launcher.ts';
import { podContext } from './command.ts';
import type { CommandTable } from './command-table.ts';
import { dispatch } from './dispatch.ts';
import { standardStreams } from './output/standard-streams.ts';
import { watchOutput } from './output/streams.ts';
import { writeWarmContainer } from './warm-container.ts';

const DOCKERFILE = [
  'ARG A=b',
  'FROM warm AS one',
  'ARG A',
  'ENV C=$A D="$C e"',
  'LABEL f=g',
  'FROM one',
  'CMD ["sh"]',
  'COPY . /there',
  'RUN true',
].join('\n');

const LAYER = 'a'.repeat(64);

/** Images as files of a layout, one of no layers, one of a layer with users: enough for `run --dry-run`. */
function writeImages(data: string): void {
  const directory = join(data, 'images/blobs/sha256');
  mkdirSync(directory, { recursive: true });
  let blobs = 0;
  // Names that nothing checks: hashing would load node:crypto into the snapshot.
  const blob = (mediaType: string, content: object) => {
    const hex = String(++blobs).padStart(64, '0');
    const text = JSON.stringify(content);
    writeFileSync(join(directory, hex), text);
    return { mediaType, digest: `sha256:${hex}`, size: text.length };
  };
  const architecture = arch === 'x64' ? 'amd64' : arch;
  const execution = { Env: ['PATH=/bin'], Cmd: ['sh'], Labels: { a: 'b' } };
  const image = (name: string, layers: object[], diff_ids: string[]) => {
    const rootfs = { type: 'layers', diff_ids };
    const config = blob(OCI_CONFIG, { architecture, os: 'linux', config: execution, rootfs });
    const manifest = blob(OCI_MANIFEST, { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
    return { ...manifest, annotations: { [REF_NAME]: `docker.io/library/${name}:latest` } };
  };
  const manifests = [
    image('warm', [], []),
    image('layered', [blob('application/vnd.oci.image.layer.v1.tar', {})], [`sha256:${LAYER}`]),
  ];
  writeFileSync(join(data, 'images/index.json'), JSON.stringify({ schemaVersion: 2, manifests }));
  writeFileSync(join(data, 'images/oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  mkdirSync(join(data, 'layers', LAYER, 'etc'), { recursive: true });
  writeFileSync(join(data, 'layers', LAYER, 'etc/passwd'), 'user:x:7:7::/:/bin/sh\n');
}

/** A program whose version is known, as it is after the first run: asking for it would load node:child_process. */
function writeSlirp4netns(bin: string, cache: string): void {
  const path = join(bin, 'slirp4netns');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path, '', { mode: 0o755 });
  const { size, mtimeMs } = statSync(path);
  mkdirSync(cache, { recursive: true });
  const known = { path, size, mtimeMs, version: '1.2.0', seccomp: true };
  writeFileSync(join(cache, 'slirp4netns.json'), JSON.stringify(known));
}

const CONTAINER = 'c'.repeat(64);

/** Lines that go through what most command lines go through, and touch nothing outside of their --root. */
const LINES = [
  'run --dry-run --rm --network none --storage-driver copy -e A=b -v /tmp:/mnt:ro -w / layered true',
  'run --dry-run -u user -d --name n -l a=b -m 64m -p 1234:80 --network host --storage-driver copy layered sh -c true',
  'ps',
  'ps -a',
  'ps -aq',
  'images',
  'images --format {{.ID}}',
  'inspect warm',
  `inspect ${CONTAINER}`,
  `inspect -f {{.State.Status}} ${CONTAINER}`,
  'inspect -f {{.Id}} warm',
  'exec none true',
  'rm none',
  // As far as the launcher, which isn't there yet.
  'run -d --name made --network none --storage-driver copy warm true',
  'run --network none warm true',
  'run -p 12345:80 --storage-driver copy warm true',
  'start made',
  'exec made true',
  'logs made',
  'stop -t 0 made',
  'kill made',
  'wait made',
  'rm -f made',
];

/** What the same commands load behind that point. */
const BEHIND_THE_LAUNCHER = () => [
  import('../core/container/exec-plan.ts'),
  import('../core/container/log/log-record.ts'),
  import('../core/container/namespaces/continue-holders.ts'),
  import('../core/container/own-group.ts'),
  import('../core/container/processes.ts'),
  import('../core/host/monotonic.ts'),
];

/** Those that need modules which are kept outside of the snapshot, as far as they go without a network. */
const OTHER_LINES = [
  'build -q --target one -t built @context@',
  'build -q --target one -t built @context@',
  'build --no-cache --progress plain -t x @context@',
  'create --name other --network none --storage-driver copy warm true',
  'cp none:/a /b',
  'network create n',
  'network ls',
  'network inspect n',
  'run -d --network n --storage-driver copy warm true',
  'network rm n',
  'volume create v',
  'volume ls',
  'run -d -v v:/v --storage-driver copy warm true',
  'volume inspect v',
  'volume rm v',
  'pod create --name p',
  'pod ls',
  'pod rm -f p',
  'pull localhost:1/none',
  'push warm localhost:1/none',
  'tag warm other',
  'save -o @context@/saved warm',
  'load -i @context@/saved',
  'rmi other',
  'history warm',
  'top none',
  'stats --no-stream',
  'events --since 1 --until 2',
  'system df',
  'system check',
  'info',
  'rm -f other',
];

/**
 * What V8 has compiled so far is gone, and compiled again when it runs. Most of it ran once: what set up Node and our
 * modules, whose result is in the snapshot anyway. Garbage is collected when a heap snapshot is taken.
 */
function forgetCompiledCode(): void {
  setFlagsFromString('--stress-flush-code');
  for (let collection = 0; collection < 2; collection++) getHeapSnapshot().destroy();
  setFlagsFromString('--no-stress-flush-code');
}

/**
 * Runs typical commands while the start-up snapshot is made: V8 keeps the compiled code of what has run, so a start
 * doesn't compile it again. Nothing that they print or find is kept. `all` is for the modules that aren't in the snapshot.
 */
export async function warmUp(newTable: () => CommandTable, what: 'typical' | 'all'): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'tsc-pod-warm-up-'));
  const said = join(root, 'said');
  const output = openSync(said, 'a');
  const env = { HOME: root, PATH: `${join(root, 'bin')}:${process.env.PATH}`, XDG_RUNTIME_DIR: root };
  try {
    writeFileSync(join(root, 'Dockerfile'), DOCKERFILE);
    writeImages(join(root, 'data'));
    writeSlirp4netns(join(root, 'bin'), join(root, 'data/cache'));
    writeWarmContainer(join(root, 'data'), join(root, 'tsc-pod'), CONTAINER);
    const run = async () => {
      const table = newTable();
      const watch = (stream: Writable, name: string) => watchOutput(stream, name, () => {});
      const context = podContext(
        env,
        standardStreams(watch, () => output),
      );
      for (const line of what === 'all' ? [...LINES, ...OTHER_LINES] : LINES) {
        const words = line.replace('@context@', root).split(' ');
        await dispatch(['--root', join(root, 'data'), ...words], table, context);
      }
    };
    if (what === 'typical')
      provideCompiledDefaults(() => readFileSync(process.env.TSC_POD_DEFAULT_FILTERS!, 'latin1'));
    await run();
    await Promise.all(BEHIND_THE_LAUNCHER());
    if (what === 'typical') forgetCompiledCode();
    await run();
    try {
      process.execve!(0 as never);
    } catch {
      // It has loaded what it needs, and refused.
    }
    const bug = /.*this is a bug.*/.exec(readFileSync(said, 'utf8'));
    if (bug) throw new Error(bug[0]);
  } finally {
    provideCompiledDefaults(undefined);
    keepLaunchersIn(undefined); // anybody can make a directory of that name in /tmp
    closeSync(output);
    rmSync(root, { recursive: true, force: true });
  }
}
