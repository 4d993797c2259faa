import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../../test/e2e/harness/pod.ts';
import { startRegistry } from '../../test/e2e/harness/registry.ts';
import { sandbox } from '../../test/e2e/harness/sandbox.ts';
import { builds } from './builds.ts';
import { writeManyImages } from './many-images.ts';
import { atOnce, medians, seconds, type Timed } from './measure.ts';
import { memoryLeftBy } from './memory.ts';
import { networkRows } from './networks.ts';
import { clear, type Peers, pushLarge, tools } from './peers.ts';

export interface Measured {
  podman: number;
  pod: number;
  /** The work without any container tool, or by crun alone: what there is to gain. */
  floor?: number;
  unit: 's' | 'MB' | 'MB/s';
}

export interface Row {
  name: string;
  work: string;
  /** The ratio that tsc-pod may have at most (or, for throughput, has to have at least) to podman or to the floor. */
  budget: number;
  against: 'podman' | 'floor';
  /** tsc-pod's command that the row needs. */
  needs: string;
  measure(context: Context): Promise<Measured>;
}

export interface Context extends Peers {
  /** How often each command is timed. */
  runs: number;
}

type Tool = keyof typeof tools;
const both: Tool[] = ['podman', 'pod'];
const sleeper = ['--network', 'none'];

async function compare(runs: number, work: (tool: string[], name: Tool) => Timed): Promise<Measured> {
  const [podman, pod] = await medians(
    both.map((name) => work(tools[name], name)),
    runs,
  );
  return { podman: podman!, pod: pod!, unit: 's' };
}

async function each(
  measure: (tool: string[], name: Tool) => Promise<number>,
  unit: Measured['unit'],
): Promise<Measured> {
  return { podman: await measure(tools.podman, 'podman'), pod: await measure(tools.pod, 'pod'), unit };
}

async function well(argv: string[], timeout?: number): Promise<void> {
  const ran = await command(argv, timeout === undefined ? {} : { timeout });
  if (ran.code !== 0) throw new Error(`${argv.join(' ')}: ${ran.stderr}`);
}

async function started(count: number, images: Peers['images']): Promise<void> {
  for (const name of both) {
    for (let i = 0; i < count; i++) {
      await well([
        ...tools[name],
        'run',
        '-d',
        ...sleeper,
        '--name',
        `bench${i}`,
        images[name],
        'sleep',
        '1000',
      ]);
    }
  }
}

/** podman waits ten seconds for a process that ignores SIGTERM, as sleep does as pid 1. */
const remove = (tool: string[], name: Tool) => [
  ...tool,
  'rm',
  '-f',
  ...(name === 'podman' ? ['-t', '0'] : []),
  'bench0',
];
const run = (tool: string[], image: string) => [
  ...tool,
  'run',
  '-d',
  ...sleeper,
  '--name',
  'bench0',
  image,
  'sleep',
  '1000',
];
const after = (...commands: string[][]) => ['sh', '-c', commands.map((c) => `'${c.join("' '")}'`).join('; ')];

const bytes = 2 * 1024 ** 3;
const throughput = (time: number) => bytes / 1e6 / time;
const manyFiles =
  'mkdir /tmp/many; cd /tmp/many; i=0; while [ $i -lt 10000 ]; do echo $i >$i; i=$((i+1)); done';

export const rows: Row[] = [
  {
    name: 'run',
    work: 'run --rm --network none IMG true',
    budget: 0.45,
    against: 'podman',
    needs: 'run',
    measure: ({ images, runs }) =>
      compare(runs, (tool, name) => ({
        run: [...tool, 'run', '--rm', '--network', 'none', images[name], 'true'],
      })),
  },
  {
    name: 'run-slirp4netns',
    work: 'run --rm IMG true',
    budget: 0.5,
    against: 'podman',
    needs: 'run',
    measure: ({ images, runs }) =>
      compare(runs, (tool, name) => ({ run: [...tool, 'run', '--rm', images[name], 'true'] })),
  },
  {
    name: 'run-d',
    work: 'run -d --network none IMG sleep',
    budget: 0.5,
    against: 'podman',
    needs: 'run',
    measure: ({ images, runs }) =>
      compare(runs, (tool, name) => ({ prepare: remove(tool, name), run: run(tool, images[name]) })),
  },
  {
    name: 'exec',
    work: 'exec CONTAINER true',
    budget: 0.5,
    against: 'podman',
    needs: 'exec',
    async measure({ images, runs }) {
      await started(1, images);
      return compare(runs, (tool) => ({ run: [...tool, 'exec', 'bench0', 'true'] }));
    },
  },
  {
    name: 'start',
    work: 'start CONTAINER',
    budget: 0.5,
    against: 'podman',
    needs: 'start',
    async measure({ images, runs }) {
      await started(1, images);
      return compare(runs, (tool) => ({
        prepare: [...tool, 'stop', '-t', '0', 'bench0'],
        run: [...tool, 'start', 'bench0'],
      }));
    },
  },
  {
    name: 'stop',
    work: 'stop -t 0 CONTAINER',
    budget: 0.35,
    against: 'podman',
    needs: 'stop',
    measure: ({ images, runs }) =>
      compare(runs, (tool, name) => ({
        prepare: after(remove(tool, name), run(tool, images[name])),
        run: [...tool, 'stop', '-t', '0', 'bench0'],
      })),
  },
  {
    name: 'rm-f',
    work: 'rm -f CONTAINER',
    budget: 0.35,
    against: 'podman',
    needs: 'rm',
    measure: ({ images, runs }) =>
      compare(runs, (tool, name) => ({
        prepare: after(remove(tool, name), run(tool, images[name])),
        run: remove(tool, name),
      })),
  },
  {
    name: 'ps-1',
    work: 'ps with 1 container',
    budget: 1.15,
    against: 'podman',
    needs: 'ps',
    async measure({ images, runs }) {
      await started(1, images);
      return compare(runs, (tool) => ({ run: [...tool, 'ps'] }));
    },
  },
  {
    name: 'ps-50',
    work: 'ps with 50 containers',
    budget: 0.8,
    against: 'podman',
    needs: 'ps',
    async measure({ images, runs }) {
      await started(50, images);
      return compare(runs, (tool) => ({ run: [...tool, 'ps'] }));
    },
  },
  {
    name: 'images',
    work: 'images',
    budget: 1.15,
    against: 'podman',
    needs: 'images',
    measure: ({ runs }) => compare(runs, (tool) => ({ run: [...tool, 'images'] })),
  },
  {
    name: 'inspect',
    work: 'inspect CONTAINER',
    budget: 1.15,
    against: 'podman',
    needs: 'inspect',
    async measure({ images, runs }) {
      await started(1, images);
      return compare(runs, (tool) => ({ run: [...tool, 'inspect', 'bench0'] }));
    },
  },
  {
    name: 'at-once',
    work: '50 x run --rm --network none at once',
    budget: 0.4,
    against: 'podman',
    needs: 'run',
    measure: ({ images }) =>
      each(
        (tool, name) => atOnce([...tool, 'run', '--rm', '--network', 'none', images[name], 'true'], 50),
        's',
      ),
  },
  {
    name: 'memory',
    work: 'memory that stays for run -d --network none (PSS)',
    budget: 0.5,
    against: 'podman',
    needs: 'run',
    measure: ({ images }) =>
      each(async (tool, name) => (await memoryLeftBy(() => well(run(tool, images[name])))) / 1e6, 'MB'),
  },
  {
    name: 'pipe-in',
    work: 'head -c 2G /dev/zero | run -i IMG wc -c',
    budget: 0.8,
    against: 'floor',
    needs: 'run',
    async measure({ images }) {
      const line = (words: string) =>
        seconds(`head -c ${bytes} /dev/zero | ${words} wc -c`, 3, String(bytes));
      const times = await each(
        async (tool, name) =>
          throughput(await line(`${tool.join(' ')} run -i --rm --network none ${images[name]}`)),
        'MB/s',
      );
      return { ...times, floor: throughput(await line('busybox')) };
    },
  },
  {
    name: 'pipe-out',
    work: 'run IMG head -c 2G /dev/zero | wc -c',
    budget: 0.8,
    against: 'floor',
    needs: 'run',
    async measure({ images }) {
      const line = (words: string) =>
        seconds(`${words} head -c ${bytes} /dev/zero | wc -c`, 3, String(bytes));
      const times = await each(
        async (tool, name) =>
          throughput(await line(`${tool.join(' ')} run --rm --network none ${images[name]}`)),
        'MB/s',
      );
      return { ...times, floor: throughput(await line('busybox')) };
    },
  },
  {
    name: 'pull',
    work: 'pull of 576 MB of /usr in 8 layers from loopback',
    budget: 0.5,
    against: 'podman',
    needs: 'pull',
    async measure({ registry }) {
      const name = await pushLarge(registry);
      return compare(3, (tool) => ({
        prepare: [...tool, 'rmi', '-f', name],
        run: [...tool, 'pull', '-q', name],
      }));
    },
  },
  {
    name: 'save',
    work: 'save of that image',
    budget: 0.1,
    against: 'podman',
    needs: 'save',
    async measure({ registry }) {
      const image = await pushLarge(registry);
      for (const name of both) await well([...tools[name], 'pull', '-q', image], 300_000);
      const archive = join(sandbox.work, 'saved.tar');
      return compare(3, (tool) => ({
        prepare: ['rm', '-f', archive],
        run: [...tool, 'save', '-q', '-o', archive, image],
      }));
    },
  },
  {
    name: 'load',
    work: 'load of that image from an archive of podman',
    budget: 0.6,
    against: 'podman',
    needs: 'load',
    async measure({ registry }) {
      const image = await pushLarge(registry);
      const archive = join(sandbox.work, 'to-load.tar');
      await well([...tools.podman, 'pull', '-q', image], 300_000);
      await well([...tools.podman, 'save', '-q', '-o', archive, image], 300_000);
      return compare(3, (tool) => ({
        prepare: [...tool, 'rmi', '-f', image],
        run: [...tool, 'load', '-q', '-i', archive],
      }));
    },
  },
  {
    name: 'push',
    work: 'push of that image to an empty registry on loopback',
    budget: 0.1,
    against: 'podman',
    needs: 'push',
    async measure({ registry }) {
      const name = await pushLarge(registry);
      const before = join(sandbox.work, 'before-pull');
      writeFileSync(before, '');
      for (const tool of both) await well([...tools[tool], 'pull', '-q', name], 300_000);
      const other = await startRegistry();
      const prepare = ['rm', '-rf', other.data];
      const destination = `${other.host}/bench/large:latest`;
      const times = await compare(3, (tool) => ({
        prepare,
        run: [...tool, 'push', '-q', '--tls-verify=false', name, destination],
      }));
      await well(prepare);
      const blobs = join(sandbox.data, 'images/blobs');
      const byCurl = join(import.meta.dirname, 'upload-by-curl.sh');
      const floor = await seconds(`${byCurl} ${blobs} ${before} ${other.host}`, 1);
      await other.stop();
      return { ...times, floor };
    },
  },
  {
    name: 'push-mounted',
    work: 'push of that image to another name in its registry (both mount)',
    budget: 1.5,
    against: 'podman',
    needs: 'push',
    async measure({ registry }) {
      const name = await pushLarge(registry);
      for (const tool of both) await well([...tools[tool], 'pull', '-q', name], 300_000);
      const repository = join(registry.data, 'docker/registry/v2/repositories/bench/again');
      return compare(3, (tool) => ({
        prepare: ['rm', '-rf', repository],
        run: [...tool, 'push', '-q', '--tls-verify=false', name, `${registry.host}/bench/again:latest`],
      }));
    },
  },
  {
    name: 'files',
    work: '10 000 small files made in a container',
    budget: 1.0,
    against: 'podman',
    needs: 'run',
    async measure({ images, runs }) {
      const times = await compare(Math.min(runs, 5), (tool, name) => ({
        run: [...tool, 'run', '--rm', '--network', 'none', images[name], 'sh', '-c', manyFiles],
      }));
      return times;
    },
  },
  {
    name: 'build-cold',
    work: 'build of 10 steps, nothing cached',
    budget: 0.5,
    against: 'podman',
    needs: 'build',
    measure: (context) => builds(context, { flags: ['--no-cache'] }),
  },
  {
    name: 'build-cached',
    work: 'build of 10 steps, all cached',
    budget: 0.15,
    against: 'podman',
    needs: 'build',
    measure: (context) => builds(context, {}),
  },
  {
    name: 'build-changed',
    work: 'build of 10 steps, the last COPY changed',
    budget: 0.2,
    against: 'podman',
    needs: 'build',
    measure: (context) => builds(context, { changed: true }),
  },
  // The last one: what it makes stays for the rest of the run.
  {
    name: 'images-500',
    work: 'images with 500 images',
    budget: 1,
    against: 'podman',
    needs: 'load',
    async measure({ runs }) {
      const archive = join(sandbox.work, 'many-images.tar');
      writeManyImages(archive, 500);
      for (const name of both) await well([...tools[name], 'load', '-q', '-i', archive], 300_000);
      return compare(Math.min(runs, 10), (tool) => ({ run: [...tool, 'images'] }));
    },
  },
  ...networkRows,
];

/** Measures a row, and leaves no container behind. */
export async function measure(row: Row, context: Context): Promise<Measured> {
  await clear();
  try {
    return await row.measure(context);
  } finally {
    await clear();
  }
}
