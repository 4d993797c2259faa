/** Looking at images: images, history, inspect, tree, diff, mount, and their names. */
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ago, humanSize } from '../../cli/output/units.ts';
import { BUSYBOX, ended } from './container-lab.ts';
import { type ArchivedImage, configOf, dockerArchive, sha256 } from './docker-archive.ts';
import { pod, podOk, sandbox, tarOf, test } from './harness/index.ts';

const step = (created_by: string, more: object = {}) => ({
  created: '2021-02-03T04:05:06Z',
  created_by,
  ...more,
});
const layers = {
  base: tarOf([{ name: 'etc' }, { name: 'etc/issue', content: 'base\n' }]),
  app: tarOf([
    { name: 'etc/app', content: 'app\n' },
    { name: 'app', content: 'x'.repeat(3000) },
  ]),
  other: tarOf([{ name: 'other', content: 'other' }]),
};
const baseHistory = [
  step('COPY issue /etc/issue # the base of everything that is here, in more than 45 characters'),
  step('ENV A=b', { empty_layer: true }),
];
const spec: Record<'base' | 'app' | 'other' | 'plain', ArchivedImage> = {
  base: {
    tags: ['localhost/base:1', 'docker.io/library/base:latest'],
    layers: [layers.base],
    created: '2021-02-03T04:05:06Z',
    history: baseHistory,
    config: { Env: ['A=b'], Labels: { kind: 'base' } },
  },
  app: {
    tags: ['quay.io/team/app:v1'],
    layers: [layers.base, layers.app],
    created: '2022-02-03T04:05:06.789Z',
    history: [...baseHistory, step('COPY app /', { comment: 'hello' })],
    config: {
      Labels: { kind: 'app', stage: 'test' },
      User: '7',
      Cmd: ['/app'],
      ExposedPorts: { '80/tcp': {} },
    },
  },
  other: { tags: ['localhost/other:latest'], layers: [layers.other], created: '2020-02-03T04:05:06Z' },
  plain: { tags: ['localhost/plain:latest'], layers: [layers.other, layers.base] },
};
const id = Object.fromEntries(
  Object.entries(spec).map(([name, image]) => [name, sha256(configOf(image))]),
) as Record<keyof typeof spec, string>;
const short = (name: keyof typeof spec): string => id[name].slice(0, 12);

test.before(async () => {
  await podOk(['load', '-q'], { input: dockerArchive(Object.values(spec)) });
  await podOk(['untag', 'localhost/other']); // nameless now
});

const sum = (...tars: Buffer[]): number => tars.reduce((all, { length }) => all + length, 0);
const size = {
  base: humanSize(sum(layers.base)),
  app: humanSize(sum(layers.base, layers.app)),
  appLayer: humanSize(sum(layers.app)),
  other: humanSize(sum(layers.other)),
  plain: humanSize(sum(layers.other, layers.base)),
};
const since = (time: string): string => ago(Date.parse(time), Date.now());
const table = (rows: string[][]): string => {
  const widths = rows[0]!.map((_, at) => Math.max(7, ...rows.map((row) => row[at]!.length)));
  return rows
    .map(
      (row) =>
        `${row.map((cell, at) => (at < row.length - 1 ? cell.padEnd(widths[at]! + 3) : cell)).join('')}\n`,
    )
    .join('');
};

test("images is docker's table, the newest first, a line for each name", async () => {
  const [base, app, other] = [spec.base, spec.app, spec.other].map(({ created }) => since(created!));
  assert.equal(
    await pod(['images']),
    ended(
      0,
      table([
        ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'],
        ['quay.io/team/app', 'v1', short('app'), app!, size.app],
        ['base', 'latest', short('base'), base!, size.base],
        ['localhost/base', '1', short('base'), base!, size.base],
        ['<none>', '<none>', short('other'), other!, size.other],
        ['localhost/plain', 'latest', short('plain'), 'N/A', size.plain],
      ]),
    ),
  );
});

test('images takes flags that choose columns, order and form', async () => {
  const all = ['app', 'base', 'other', 'plain'] as const;
  assert.is(await podOk(['images', '-q']), all.map(short).join('\n'));
  assert.is(
    await podOk(['image', 'ls', '-q', '--no-trunc']),
    all.map((name) => `sha256:${id[name]}`).join('\n'),
  );
  const named = async (...flags: string[]) =>
    (await podOk(['images', '--format', '{{.Repository}}:{{.Tag}}', ...flags])).split('\n');
  const [app, base, local, none, plain] = [
    'quay.io/team/app:v1',
    'base:latest',
    'localhost/base:1',
    '<none>:<none>',
    'localhost/plain:latest',
  ] as const;
  assert.equal(await named(), [app, base, local, none, plain]);
  assert.equal(await named('--sort', 'repository'), [none, base, local, plain, app]);
  assert.equal(await named('--sort', 'size'), [none, base, local, plain, app]);
  assert.equal(await named('--sort', 'tag'), [local, none, base, plain, app]);
  assert.match(
    (await pod(['images', '--sort', 'colour'])).stderr,
    /it takes created, id, repository, size or tag/,
  );
  const digest = await podOk(['image', 'inspect', '-f', '{{.Digest}}', app]);
  assert.equal(
    await pod(['images', '--digests', '--noheading', '--no-trunc', app]),
    ended(
      0,
      `quay.io/team/app   v1        ${digest}   sha256:${id.app}   ${since(spec.app.created!)}   ${size.app}\n`,
    ),
  );
  assert.is(
    await podOk(['images', '--format', '{{.Labels}} {{.RepoTags}} {{.RepoDigests}} {{.Created}}', app]),
    `map[kind:app stage:test] [${app}] [quay.io/team/app@${digest}] ${since(spec.app.created!)}`,
  );
  const json = JSON.parse(await podOk(['images', '--format', 'json', app]));
  assert.is(json.CreatedAt, '2022-02-03 04:05:06 +0000 UTC');
  assert.equal(
    [json.ID, json.Repository, json.Tag, json.Size, json.Containers, json.Names],
    [short('app'), 'quay.io/team/app', 'v1', size.app, '0', [app]],
  );
});

test('images --tree shows the platforms that each image is for', async () => {
  await podOk(['create', '--network', 'none', '--name', 'user', 'base', 'true']);
  const list = await podOk(['manifest', 'create', 'list', 'quay.io/team/app:v1', 'base']);
  const lines = (await podOk(['images', '--tree', '--noheading'])).split('\n').map((line) => line.trimEnd());
  const cells = lines.map((line) => line.split(/ {3,}/));
  const shown = (text: string) => cells.slice(lines.findIndex((line) => line.startsWith(text)));
  const platform = (mark: string, size: string) => [`${mark} linux/amd64`, size];
  const whatAndSize = ([what, , size]: string[]) => [what, size];
  const both = humanSize(sum(layers.base, layers.base, layers.app));
  assert.equal(shown('list:latest ').slice(0, 3).map(whatAndSize), [
    ['list:latest', both],
    platform('├─', size.app),
    platform('└─', size.base),
  ]);
  assert.is(shown('list:latest ')[0]![1], list.slice(0, 12));
  const [base, second, only] = shown('base:latest ');
  assert.equal([...base!.slice(0, 3), base!.at(-1)], ['base:latest', short('base'), size.base, '✔']);
  assert.equal(second, ['localhost/base:1']);
  assert.equal(whatAndSize(only!), platform('└─', size.base));
  assert.equal(
    await pod(['images', '--tree', '-q']),
    ended(125, '', 'Error: --tree and --quiet are mutually exclusive\n'),
  );
  await podOk(['rm', 'user']);
  await podOk(['manifest', 'rm', 'list']);
});

test('images chooses by name and by filters', async () => {
  const ids = async (...args: string[]) =>
    (await podOk(['images', '-q', ...args])).split('\n').filter((line) => line !== '');
  const filtered = (...filters: string[]) => ids(...filters.flatMap((filter) => ['--filter', filter]));
  assert.equal(await ids('base'), [short('base')]);
  assert.equal(await ids('base:2'), []);
  assert.equal(await ids('quay.io/*/app'), [short('app')]);
  assert.equal(await ids('docker.io/library/base'), [short('base')]);
  for (const [filters, expected] of [
    [['label=kind'], ['app', 'base']],
    [['label=kind=app', 'label=stage'], ['app']],
    [['label!=kind'], ['other', 'plain']],
    [
      ['reference=*/base', 'reference=quay.io/*/app:v?'],
      ['app', 'base'],
    ],
    [['dangling=true'], ['other']],
    [['dangling=false'], ['app', 'base', 'plain']],
    [['before=quay.io/team/app:v1'], ['base', 'other', 'plain']],
    [[`since=${id.other}`], ['app', 'base']],
    [['after=base', 'dangling=0'], ['app']],
    [['until=2021-06-01'], ['base', 'other', 'plain']],
    [[`id=${id.plain.slice(0, 8)}`], ['plain']],
    [['readonly=true'], []],
    [
      ['readonly=false', 'containers=false'],
      ['app', 'base', 'other', 'plain'],
    ],
    [['containers=true'], []],
    [['intermediate=true'], []],
    [['manifest=false', 'until=2020-06-01', `since=${id.plain}`], ['other']],
  ] as [string[], (keyof typeof spec)[]][])
    assert.equal(await filtered(...filters), expected.map(short), filters.join(' '));
  assert.equal(
    await pod(['images', '-f', 'dangling=perhaps']),
    ended(125, '', 'Error: invalid filter "dangling=perhaps": it takes true or false\n'),
  );
  assert.equal(
    await pod(['images', '-f', 'before=nosuch']),
    ended(125, '', 'Error: no such image: nosuch\ntsc-pod images   # lists all images\n'),
  );
  assert.match(
    (await pod(['images', '-f', 'labels=x'])).stderr,
    /^Error: unknown filter "labels"\nDid you mean label\?/,
  );
});

test('a nameless image that another was made from is shown with --all', async () => {
  await podOk(['untag', 'base']);
  const named = { app: ['app'], all: ['app', 'base'] } as const;
  assert.equal((await podOk(['images', '-q', '-f', 'label=kind'])).split('\n'), named.app.map(short));
  assert.equal((await podOk(['images', '-aq', '-f', 'label=kind'])).split('\n'), named.all.map(short));
  assert.is(await podOk(['images', '-q', '-f', 'intermediate=true']), short('base'));
  assert.is(await podOk(['images', '-q', '-f', 'dangling=true']), short('other'));
  await podOk(['tag', id.base, 'localhost/base:1', 'base']);
});

test("history is docker's table: sizes of layers, ids of the images that are here", async () => {
  const past = since('2021-02-03T04:05:06Z');
  const rows = [
    ['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'],
    [short('app'), past, 'COPY app /', size.appLayer, 'hello'],
    [short('base'), past, 'ENV A=b', '0B', ''],
    ['<missing>', past, 'COPY issue /etc/issue # the base of everythi…', size.base, ''],
  ];
  assert.equal(await pod(['history', 'quay.io/team/app:v1']), ended(0, table(rows)));
  assert.is(
    await podOk(['image', 'history', '-q', '--no-trunc', 'quay.io/team/app:v1']),
    `sha256:${id.app}\nsha256:${id.base}\n<missing>`,
  );
  assert.is(
    await podOk([
      'history',
      '-H=false',
      '--no-trunc',
      '--format',
      '{{.CreatedAt}} {{.Size}} {{.CreatedBy}}',
      'base',
    ]),
    `2021-02-03T04:05:06Z 0 ENV A=b\n2021-02-03T04:05:06Z ${layers.base.length} ${baseHistory[0]!.created_by}`,
  );
  assert.is(
    await podOk(['history', '--format', '{{.ID}} {{.CreatedSince}} {{.Size}}', 'localhost/plain']),
    `${short('plain')} N/A ${size.base}\n<missing> N/A ${size.other}`,
  );
  assert.equal(
    await pod(['history', 'nosuch']),
    ended(125, '', 'Error: no such image: nosuch\ntsc-pod images   # lists all images\n'),
  );
});

test("image inspect has docker's fields and podman's", async () => {
  const [shown] = JSON.parse(await podOk(['image', 'inspect', 'quay.io/team/app:v1']));
  const { Digest: digest, Descriptor: descriptor, GraphDriver: graph, ...rest } = shown;
  const diffIds = [layers.base, layers.app].map((tar) => `sha256:${sha256(tar)}`);
  const upper = (diffId: string) => join(sandbox.data, 'layers', diffId.slice(7), 'fs');
  assert.equal(graph, {
    Name: 'overlay',
    Data: { LowerDir: upper(diffIds[0]!), UpperDir: upper(diffIds[1]!) },
  });
  assert.is(descriptor.digest, digest);
  assert.equal(rest, {
    Id: `sha256:${id.app}`,
    RepoTags: ['quay.io/team/app:v1'],
    RepoDigests: [`quay.io/team/app@${digest}`],
    Parent: `sha256:${id.base}`,
    Comment: 'hello',
    Created: '2022-02-03T04:05:06.789Z',
    DockerVersion: '',
    Version: '',
    Author: '',
    Config: spec.app.config,
    Architecture: 'amd64',
    Os: 'linux',
    Size: layers.base.length + layers.app.length,
    VirtualSize: layers.base.length + layers.app.length,
    RootFS: { Type: 'layers', Layers: diffIds },
    Metadata: { LastTagTime: '0001-01-01T00:00:00Z' },
    Labels: { kind: 'app', stage: 'test' },
    Annotations: {},
    ManifestType: descriptor.mediaType,
    User: '7',
    History: spec.app.history,
    NamesHistory: ['quay.io/team/app:v1'],
  });
  assert.is(
    await podOk([
      'inspect',
      '--type',
      'image',
      '-f',
      '{{.Config.User}} {{index .Config.Labels "kind"}} {{.ID}}',
      'quay.io/team/app:v1',
    ]),
    `7 app sha256:${id.app}`,
  );
  assert.equal(
    await pod(['image', 'inspect', 'nosuch', short('other'), '-f', '{{.Id}}']),
    ended(125, `sha256:${id.other}\n`, 'Error: no such image: nosuch\ntsc-pod images   # lists all images\n'),
  );
});

test('names come and go, all of a command or none', async () => {
  assert.equal(await pod(['tag', short('other'), 'new:1', 'quay.io/x/new']), ended(0));
  assert.is(
    await podOk(['images', '-q', '-f', `id=${id.other}`, '--format', '{{.Repository}}:{{.Tag}}']),
    'new:1\nquay.io/x/new:latest',
  );
  assert.equal(
    await pod(['tag', 'new:1', 'good', 'Bad']),
    ended(125, '', (await pod(['tag', 'new:1', 'Bad'])).stderr),
  );
  assert.is((await pod(['image', 'exists', 'good'])).code, 1, 'none of the names was given');
  assert.equal(
    await pod(['tag', 'nosuch', 'x']),
    ended(125, '', 'Error: no such image: nosuch\ntsc-pod images   # lists all images\n'),
  );
  assert.equal(
    await pod(['untag', 'new:1', 'base']),
    ended(125, '', 'Error: the image has no name base:latest\n'),
  );
  assert.equal(await pod(['untag', 'new:1', 'quay.io/x/new']), ended(0));
  assert.equal(await pod(['image', 'exists', 'new:1']), ended(0));
  assert.equal(await pod(['image', 'untag', 'new:1']), ended(0));
  assert.equal(await pod(['image', 'exists', 'new:1']), ended(1));
  assert.equal(await pod(['image', 'exists', id.other]), ended(0));
});

test('image tree shows layers, and what lies on them', async () => {
  const line = (tar: Buffer, size: string, top: string) =>
    `ID: ${sha256(tar).slice(0, 12)} Size: ${size} Top Layer of: [${top}]\n`;
  const head = (name: keyof typeof spec, tags: string, size: string) =>
    `Image ID: ${short(name)}\nTags:     [${tags}]\nSize:     ${size}\nImage Layers\n`;
  const base = line(layers.base, humanSize(sum(layers.base), 4), 'localhost/base:1 base:latest');
  const app = line(layers.app, humanSize(sum(layers.app), 4), 'quay.io/team/app:v1');
  assert.equal(
    await pod(['image', 'tree', 'quay.io/team/app:v1']),
    ended(
      0,
      `${head('app', 'quay.io/team/app:v1', humanSize(sum(layers.base, layers.app), 4))}├── ${base}└── ${app}`,
    ),
  );
  assert.equal(
    await pod(['image', 'tree', 'base']),
    ended(0, `${head('base', 'localhost/base:1 base:latest', humanSize(sum(layers.base), 4))}└── ${base}`),
  );
  assert.equal(
    await pod(['image', 'tree', '--whatrequires', 'base']),
    ended(
      0,
      `${head('base', 'localhost/base:1 base:latest', humanSize(sum(layers.base), 4))}├── ${base}└── ${app}`,
    ),
  );
});

test('diff compares an image with what is below its last layer, or with another', async () => {
  assert.equal(await pod(['image', 'diff', 'quay.io/team/app:v1']), ended(0, 'A /app\nC /etc\nA /etc/app\n'));
  assert.equal(await pod(['diff', 'base', 'quay.io/team/app:v1']), ended(0, 'D /app\nC /etc\nD /etc/app\n'));
  assert.equal(JSON.parse(await podOk(['diff', '--format', 'json', 'localhost/plain', 'base'])), {
    added: ['/other'],
  });
});

test('image mount wants the namespace of the user, and is read-only there', async () => {
  const refused = await pod(['image', 'mount', 'base']);
  assert.equal(
    refused,
    ended(
      125,
      '',
      'Error: cannot run "tsc-pod image mount" as a user without root: what it mounts would be gone when it ends\ntsc-pod unshare sh   # and in there: tsc-pod image mount …\n',
    ),
  );
  const script = `
    place=$("$TSC_POD" image mount quay.io/team/app:v1); cat $place/etc/issue $place/etc/app; touch $place/x || echo read-only
    "$TSC_POD" image mount | sed "s|$place|PLACE|"; "$TSC_POD" image unmount base; "$TSC_POD" image unmount -a; "$TSC_POD" image mount; test -e $place || echo gone`;
  const ran = await pod(['unshare', 'sh', '-c', script], {
    env: { TSC_POD: process.env.TSC_POD_BIN ?? join(import.meta.dirname, '../../dist/tsc-pod') },
  });
  assert.is(ran.stdout, `base\napp\nread-only\nquay.io/team/app:v1   PLACE\n${id.app}\ngone\n`);
  assert.match(ran.stderr, 'Error: image base is not mounted here\n');
});

test('what an image says of itself controls no terminal', async () => {
  const evil = {
    tags: ['localhost/evil:1'],
    layers: [layers.other],
    created: '2020-01-01T00:00:00Z',
    history: [step('\x1b]0;title\x07\tred \x1b[31m')],
  };
  await podOk(['load', '-q'], { input: dockerArchive([evil]) });
  const { stdout } = await pod(['history', '--no-trunc', 'localhost/evil:1'], { tty: true });
  assert.not.match(stdout, '\x1b]0');
  assert.not.match(stdout, '\x1b[31m');
  await podOk(['rmi', 'localhost/evil:1']);
});

test('the image of a container can be found by it', async () => {
  await podOk(['run', '--name', 'box', '--network', 'none', BUSYBOX, 'true']);
  assert.is(
    await podOk([
      'images',
      '--filter',
      'containers=true',
      '--format',
      '{{.Repository}}:{{.Tag}} {{.Containers}}',
    ]),
    `${BUSYBOX} 1`,
  );
  await podOk(['rm', 'box']);
});

test.run();
