import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { containerFilter } from '../../../cli/container-filter.ts';
import type { ListedContainer } from '../../../core/container/list.ts';
import type { ContainerRecord } from '../../../core/container/record.ts';
import type { ContainerState } from '../../../core/container/state.ts';
import { emptyPaths, recordOf, refusal } from '../core/container/fixtures.ts';

const paths = emptyPaths();

function listed(
  id: string,
  record: Partial<ContainerRecord>,
  state: Partial<ContainerState> = {},
): ListedContainer {
  return {
    record: recordOf(id.repeat(64), record),
    state: { status: 'running', exitCode: 0, ...state } as ContainerState,
  };
}

const all = [
  listed('a', {
    name: 'web',
    created: '2026-01-01T00:00:00Z',
    labels: { tier: 'front', x: '' },
    layers: ['1', '2', '3'],
    network: {
      mode: 'slirp4netns',
      ports: [{ hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
      exposed: ['90/udp'],
      operations: [],
      address: undefined,
    },
  }),
  listed(
    'b',
    {
      name: 'db',
      created: '2026-01-02T00:00:00Z',
      volumes: [{ name: 'data', destination: '/d', anonymous: false }],
    },
    { status: 'exited', exitCode: 3 },
  ),
  listed(
    'c',
    { name: 'db2', created: '2026-01-03T00:00:00Z', asked: { volume: ['/srv:/s:ro'] } },
    { status: 'paused' },
  ),
];

const names = (...words: string[]) => {
  const filter = containerFilter(words, all, paths);
  return all
    .filter(filter.passes)
    .map(({ record }) => record.name)
    .join(' ');
};

test('each filter of docker and podman', () => {
  const cases: [string, string][] = [
    ['name=db', 'db db2'],
    ['name=^db$', 'db'],
    ['name=/web', 'web'],
    ['id=bbb', 'db'],
    ['status=paused', 'db2'],
    ['status=stopped', 'db'],
    ['exited=3', 'db'],
    ['exited=0', ''],
    ['label=tier', 'web'],
    ['label=tier=front', 'web'],
    ['label=tier=back', ''],
    ['label!=tier', 'db db2'],
    ['publish=80', 'web'],
    ['publish=70-90/tcp', 'web'],
    ['publish=90/udp', ''],
    ['expose=90/udp', 'web'],
    ['expose=90', ''],
    ['before=db', 'web'],
    ['since=db', 'db2'],
    ['until=2026-01-02T12:00:00Z', 'web db'],
    ['until=1h', 'web db db2'],
    ['volume=data', 'db'],
    ['volume=/d', 'db'],
    ['volume=/srv', 'db2'],
    ['volume=/s', 'db2'],
    ['network=slirp4netns', 'web'],
    ['ancestor=alpine', 'web db db2'],
    ['ancestor=nope', ''],
    ['health=none', 'web db db2'],
    ['is-task=true', ''],
    ['is-task=false', 'web db db2'],
    ['command=sh', 'web db db2'],
    ['pod=x', ''],
  ];
  for (const [word, wanted] of cases) assert.is(names(word), wanted, word);
});

test('values of one key are alternatives, keys restrict each other', () => {
  assert.is(names('name=web', 'name=db2'), 'web db2');
  assert.is(names('name=db', 'status=exited'), 'db');
});

test('what can not be read is told', () => {
  for (const word of [
    'status=up',
    'exited=x',
    'health=fine',
    'publish=x',
    'before=nope',
    'name=[',
    'until=soon',
    'is-task=x',
  ])
    assert.match(
      refusal(() => names(word)),
      /^usage: invalid (filter|time)/,
      word,
    );
  assert.match(
    refusal(() => names('nope=1')),
    /^usage: unknown filter "nope"/,
  );
});

test.run();
