/** Networks side by side: starts, and bytes a second by iperf3 through published ports and outward. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { command, environmentWith } from '../../test/e2e/harness/pod.ts';
import { medians } from './measure.ts';
import { clear, tools } from './peers.ts';
import type { Context, Measured, Row } from './rows.ts';

type Tool = keyof typeof tools;
const both: Tool[] = ['podman', 'pod'];
const SECONDS = 2;
const ROUNDS = 3;

/** The host's iperf3 in busybox' image. */
const PROGRAM = [
  ...['--tmpfs', '/tmp', '-v', '/usr:/usr:ro', '-v', '/lib:/lib:ro', '-v', '/lib64:/lib64:ro'],
  ...['--name', 'bench0'],
];

/** Podman 4.3 has no pasta: its default is what is compared with. Its own addresses: the host's are no way out to the host. */
const PASTA = { podman: 'slirp4netns', pod: 'pasta:-4,-a,10.0.2.100,-n,24,-g,10.0.2.2' };
const same = (network: string) => ({ podman: network, pod: network });

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

async function well(argv: string[]): Promise<string> {
  const ran = await command(argv, { timeout: 60_000 });
  if (ran.code !== 0) throw new Error(`${argv.join(' ')}: ${ran.stderr}${ran.stdout.slice(0, 500)}`);
  return ran.stdout;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '0.0.0.0');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function awaitPort(port: number, host: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, host);
    const heard = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (heard) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens at ${host}:${port}`);
}

/** MB/s that the receiver saw. */
function received(report: string): number {
  const { end } = JSON.parse(report) as { end: { sum_received: { bits_per_second: number } } };
  return end.sum_received.bits_per_second / 8e6;
}

const client = (host: string, port: number) => [
  ...['iperf3', '-J', '-c', host, '-p', String(port), '-t', String(SECONDS)],
];

/** Rounds of both tools by turns, so that they meet the same machine. */
async function byTurns(measure: (name: Tool) => Promise<number>): Promise<Measured> {
  const seen: Record<Tool, number[]> = { podman: [], pod: [] };
  for (let round = 0; round < ROUNDS; round++) for (const name of both) seen[name].push(await measure(name));
  return { podman: median(seen.podman), pod: median(seen.pod), unit: 'MB/s' };
}

async function inward(network: Record<Tool, string>, { images }: Context): Promise<Measured> {
  const ports = { podman: await freePort(), pod: await freePort() };
  for (const name of both) {
    const flags = ['--network', network[name], '-p', `${ports[name]}:5201`, ...PROGRAM];
    await well([...tools[name], 'run', '-d', ...flags, images[name], '/usr/bin/iperf3', '-s']);
    await awaitPort(ports[name], '127.0.0.1');
  }
  return byTurns(async (name) => received(await well(client('127.0.0.1', ports[name]))));
}

async function outward(network: Record<Tool, string>, { images }: Context): Promise<Measured> {
  const host = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
  if (!host) throw new Error('the host has no address but its loopback');
  const port = await freePort();
  const server: ChildProcess = spawn('iperf3', ['-s', '-p', String(port)], {
    env: environmentWith(),
    stdio: 'ignore',
  });
  try {
    await awaitPort(port, host);
    for (const name of both) {
      const flags = ['--network', network[name], ...PROGRAM];
      await well([...tools[name], 'run', '-d', ...flags, images[name], 'sleep', '1000']);
    }
    return await byTurns(async (name) =>
      received(await well([...tools[name], 'exec', 'bench0', ...client(host, port)])),
    );
  } finally {
    server.kill();
  }
}

const throughput = (
  name: string,
  work: string,
  measure: (context: Context) => Promise<Measured>,
  budget = 1,
): Row => ({
  name,
  work,
  budget,
  against: 'podman',
  needs: 'run',
  async measure(context) {
    try {
      return await measure(context);
    } finally {
      await clear();
    }
  },
});

export const networkRows: Row[] = [
  {
    name: 'run-bridge',
    work: 'run --rm --network bridge IMG true',
    budget: 0.6,
    against: 'podman',
    needs: 'network',
    async measure({ images, runs }) {
      const [podman, pod] = await medians(
        both.map((name) => ({
          run: [...tools[name], 'run', '--rm', '--network', 'bridge', images[name], 'true'],
        })),
        runs,
      );
      return { podman: podman!, pod: pod!, unit: 's' };
    },
  },
  throughput('in-slirp4netns', 'iperf3 to -p, slirp4netns', (c) => inward(same('slirp4netns'), c)),
  throughput('in-bridge', 'iperf3 to -p, bridge', (c) => inward(same('bridge'), c)),
  throughput('in-pasta', "iperf3 to -p, pasta (podman's: slirp4netns)", (c) => inward(PASTA, c)),
  throughput('out-slirp4netns', 'iperf3 from slirp4netns to the host', (c) =>
    outward(same('slirp4netns'), c),
  ),
  throughput('out-bridge', 'iperf3 from bridge to the host', (c) => outward(same('bridge'), c)),
  throughput('out-pasta', "iperf3 from pasta to the host (podman's: slirp4netns)", (c) => outward(PASTA, c)),
];
