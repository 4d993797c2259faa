import type { ContainerRecord } from '../../core/container/record.ts';

interface Run {
  address: string | undefined;
  host: number;
  first: number;
  last: number;
  protocol: string;
}

const span = (first: number, last: number): string => (first === last ? `${first}` : `${first}-${last}`);

/**
 * Ports as docker shows them, neighbours together: `0.0.0.0:8080-8082->80-82/tcp, 443/tcp`; those that are published
 * first.
 */
export function portsText({ network }: Pick<ContainerRecord, 'network'>): string {
  const published = network.ports.map(({ hostIp, hostPort, containerPort, protocol }) => ({
    address: hostIp.includes(':') ? `[${hostIp}]` : hostIp,
    host: hostPort,
    first: containerPort,
    last: containerPort,
    protocol,
  }));
  const taken = new Set(published.map(({ first, protocol }) => `${first}/${protocol}`));
  const exposed = network.exposed
    .filter((port) => !taken.has(port))
    .map((port) => {
      const [number, protocol = 'tcp'] = port.split('/');
      return {
        address: undefined,
        host: Number(number),
        first: Number(number),
        last: Number(number),
        protocol,
      };
    });
  return [...joined(published), ...joined(exposed)].map(textOf).join(', ');
}

function joined(ports: Run[]): Run[] {
  const runs: Run[] = [];
  const sorted = ports.toSorted(
    (a, b) =>
      compare(a.address, b.address) ||
      compare(a.protocol, b.protocol) ||
      a.first - b.first ||
      a.host - b.host,
  );
  for (const port of sorted) {
    const before = runs.at(-1);
    const goesOn =
      before?.address === port.address &&
      before?.protocol === port.protocol &&
      port.first === before.last + 1 &&
      port.host - before.host === port.first - before.first;
    if (goesOn) before.last = port.first;
    else runs.push({ ...port });
  }
  return runs.toSorted((a, b) => a.first - b.first);
}

function compare(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function textOf({ address, host, first, last, protocol }: Run): string {
  const inner = `${span(first, last)}/${protocol}`;
  return address === undefined ? inner : `${address}:${span(host, host + last - first)}->${inner}`;
}
