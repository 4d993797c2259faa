import type { ListedContainer } from '../core/container/list.ts';
import { networkNames } from '../core/container/network-names.ts';
import type { ContainerRecord } from '../core/container/record.ts';
import { PodError } from '../core/error.ts';
import { resolveImage } from '../core/images/find.ts';
import { visibleLayers } from '../core/images/unpack/unpack.ts';
import type { Paths } from '../core/paths.ts';
import { readPod } from '../core/pod/store.ts';
import { shouldStartOnBoot } from '../core/systemd/boot-start.ts';
import { familiarImage } from './familiar-image.ts';
import { type Filters, hasLabel, parseFilters, passes } from './filter.ts';
import { parseMoment } from './moment.ts';
import { healthOf } from './ps/row.ts';

/** docker-ps(1) and podman-ps(1). */
const CONTAINER_FILTERS = [
  'ancestor',
  'before',
  'command',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'label',
  'label!',
  'name',
  'network',
  'pod',
  'publish',
  'restart-policy',
  'should-start-on-boot',
  'since',
  'status',
  'until',
  'volume',
];

/** What people call a state, and what it is called here. */
const STATUSES: Record<string, string> = {
  configured: 'created',
  created: 'created',
  dead: 'dead',
  exited: 'exited',
  initialized: 'created',
  paused: 'paused',
  removing: 'removing',
  restarting: 'restarting',
  running: 'running',
  stopped: 'exited',
  stopping: 'stopping',
  unknown: 'unknown',
};

function invalid(key: string, value: string, why: string): PodError {
  return new PodError({ code: 'usage', message: `invalid filter ${key}=${value}`, why });
}

/** docker takes the filters for names and ids as regular expressions. */
function pattern(key: string, text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw invalid(key, text, (error as Error).message);
  }
}

function statusOf(value: string): string {
  const status = STATUSES[value];
  if (!status) throw invalid('status', value, `it takes ${Object.keys(STATUSES).join(', ')}`);
  return status;
}

function choice(key: string, value: string, choices: readonly string[]): string {
  if (!choices.includes(value)) throw invalid(key, value, `it takes ${choices.join(', ')}`);
  return value;
}

/** `80`, `80/udp` or `8000-8010/tcp`, as a question about `80/tcp`. */
function portTest(key: string, value: string): (port: string) => boolean {
  const [, first, last = first, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(value) ?? [];
  if (first === undefined) throw invalid(key, value, 'it takes PORT[-PORT][/tcp|udp|sctp]');
  return (port) => {
    const [number, kind] = port.split('/');
    return kind === protocol && Number(number) >= Number(first) && Number(number) <= Number(last);
  };
}

const publishedOf = ({ network }: ContainerRecord): string[] =>
  network.ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);

/** Whether it was made from an image, or from one that has all layers of that image below its own. */
function isAncestor(paths: Paths, value: string): (record: ContainerRecord) => boolean {
  let layers: string | undefined;
  try {
    const image = resolveImage(paths, value);
    layers =
      image &&
      visibleLayers(paths.layers, image.diffIds)
        .map((id) => id.slice(id.indexOf(':') + 1))
        .join();
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
  }
  return ({ image, layers: own }) =>
    [image.name, image.asked, familiarImage(image.name)].includes(value) ||
    (/^[0-9a-f]+$/.test(value) && image.id.startsWith(value)) ||
    (layers !== undefined && layers !== '' && `${own.join()},`.startsWith(`${layers},`));
}

type Test = (one: ListedContainer) => boolean;

/** One filter as a question; whatever it needs is looked up once. */
function testOf(key: string, value: string, all: readonly ListedContainer[], paths: Paths): Test {
  const created = () => {
    const other = all.find(({ record }) => record.name === value || record.id.startsWith(value));
    if (!other) throw invalid(key, value, 'there is no such container');
    return other.record.created;
  };
  switch (key) {
    case 'ancestor': {
      const isOne = isAncestor(paths, value);
      return ({ record }) => isOne(record);
    }
    case 'before': {
      const time = created();
      return ({ record }) => record.created < time;
    }
    case 'since': {
      const time = created();
      return ({ record }) => record.created > time;
    }
    case 'until': {
      const time = parseMoment(value);
      return ({ record }) => Date.parse(record.created) < time;
    }
    case 'exited': {
      if (!/^\d+$/.test(value)) throw invalid(key, value, 'it takes an exit code');
      return ({ state }) => state.status === 'exited' && state.exitCode === Number(value);
    }
    case 'expose': {
      const isOne = portTest(key, value);
      return ({ record }) => [...publishedOf(record), ...record.network.exposed].some(isOne);
    }
    case 'publish': {
      const isOne = portTest(key, value);
      return ({ record }) => publishedOf(record).some(isOne);
    }
    case 'health': {
      const wanted = choice(key, value, ['starting', 'healthy', 'unhealthy', 'none']);
      return (one) => (healthOf(paths, one) ?? 'none') === wanted;
    }
    case 'id': {
      const expression = pattern(key, value);
      return ({ record }) =>
        record.id.startsWith(value) || (/[^0-9a-f]/.test(value) && expression.test(record.id));
    }
    case 'name': {
      const expression = pattern(key, value.replace(/^\//, ''));
      return ({ record }) => expression.test(record.name);
    }
    case 'is-task': {
      const wanted = choice(key, value, ['true', 'false', '1', '0']);
      return () => wanted === 'false' || wanted === '0';
    }
    case 'status': {
      const wanted = statusOf(value);
      return ({ state }) => state.status === wanted;
    }
    case 'restart-policy':
      return ({ record }) => (record.restart?.name ?? 'no') === value;
    case 'should-start-on-boot': {
      const wanted = choice(key, value, ['true', 'false']) === 'true';
      return ({ record, state }) => shouldStartOnBoot(record, state) === wanted;
    }
    case 'command':
      return ({ record }) => record.args[0] === value;
    case 'label':
      return ({ record }) => hasLabel(record.labels, value);
    case 'label!':
      return ({ record }) => !hasLabel(record.labels, value);
    case 'network':
      return ({ record }) => networkNames(record).includes(value);
    case 'pod':
      return ({ record: { pod } }) =>
        pod !== undefined && (pod.startsWith(value) || readPod(paths, pod)?.name === value);
    default:
      return ({ record }) =>
        record.volumes.some(({ name, destination }) => name === value || destination === value) ||
        (record.asked?.volume ?? []).some((text) => text.split(':', 2).includes(value));
  }
}

export interface ContainerFilter {
  /** Whether it was asked for a key. */
  has: (key: string) => boolean;
  passes: (one: ListedContainer) => boolean;
}

/**
 * Reads `--filter key=value` words about containers; `all` are those that `before` and `since` may name. Throws
 * PodError `usage` for what can't be read.
 */
export function containerFilter(
  words: readonly string[],
  all: readonly ListedContainer[],
  paths: Paths,
): ContainerFilter {
  const filters: Filters = parseFilters(words, CONTAINER_FILTERS);
  const tests = new Map<string, Test>();
  for (const [key, values] of filters)
    for (const value of values) tests.set(`${key}=${value}`, testOf(key, value, all, paths));
  return {
    has: (key) => filters.has(key),
    passes: (one) => passes(filters, (key, value) => tests.get(`${key}=${value}`)!(one)),
  };
}
