/** search in an index like Docker Hub's, in a registry that lists its repositories, and in what offers neither. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as assert from 'uvu/assert';
import { pod, test } from './harness/index.ts';
import { configure, trust } from './harness/registries-conf.ts';
import { type Registry, startRegistry } from './harness/registry.ts';

let registry: Registry;
let closed: Registry;
let index: Server;
let silent: Server;
const asked: string[] = [];
const hostOf = (server: Server): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;
const serve = async (server: Server): Promise<Server> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

const results = [
  {
    name: 'team/alpine',
    description: `A long\n description ${'x'.repeat(60)}`,
    star_count: 42,
    is_official: true,
  },
  { name: 'other/alpine', description: '', star_count: 3, is_official: false, is_automated: true },
  { name: 5 },
];

test.before(async () => {
  [registry, closed, index, silent] = await Promise.all([
    startRegistry(),
    startRegistry({ tls: true, auth: 'token', open: /^nothing$/ }),
    serve(
      createServer((request, response) => {
        asked.push(request.url!);
        const known = request.url!.startsWith('/v1/search?');
        response.writeHead(known ? 200 : 404).end(JSON.stringify({ results }));
      }),
    ),
    serve(createServer((_, response) => void response.writeHead(404).end())),
  ]);
  const spec = { layers: [[{ name: 'x', content: 'x' }]] };
  for (const name of ['team/app:1', 'team/app:2', 'team/tool:1', 'other/app:1'])
    await registry.push(name, spec);
  trust(closed);
});
test.after(() => {
  for (const server of [index, silent]) server?.close();
});
test.before.each(() => {
  const insecure = [registry.host, hostOf(index), hostOf(silent)].map(
    (host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`,
  );
  configure(`unqualified-search-registries = ["${hostOf(index)}"]\n${insecure.join('')}`);
});

const ok = (stdout: string) => ({ code: 0, signal: null, stdout, stderr: '' });

test('an index is asked, and its results shown as docker shows them', async () => {
  const host = hostOf(index);
  const shown = await pod(['search', 'alpine']);
  const lines = shown.stdout.split('\n').map((line) => line.trimEnd().split(/ {2,}/));
  assert.equal(
    [shown.code, shown.stderr, ...lines],
    [
      ...[0, ''],
      ['NAME', 'DESCRIPTION', 'STARS', 'OFFICIAL'],
      [`${host}/team/alpine`, `A long description ${'x'.repeat(25)}…`, '42', '[OK]'],
      [`${host}/other/alpine`, '3'],
      [''],
    ],
  );
  assert.is(asked.at(-1), '/v1/search?q=alpine&n=25');
  const format = '{{.Index}} {{.Stars}} {{.StarCount}} {{.Official}}{{.IsAutomated}}';
  assert.equal(
    await pod(['image', 'search', '--limit', '1', '--format', format, 'alpine']),
    ok(`${host} 42 42 [OK]\n`),
  );
  assert.is(asked.at(-1), '/v1/search?q=alpine&n=1');
  const whole = await pod(['search', '--no-trunc', '--format', '{{.Description}}', 'alpine']);
  assert.is(whole.stdout.split('\n')[0], `A long description ${'x'.repeat(60)}`);
  const [row] = (await pod(['search', '--format', 'json', 'alpine'])).stdout.split('\n');
  assert.equal(Object.keys(JSON.parse(row!)).sort(), [
    'Description',
    'IsAutomated',
    'IsOfficial',
    'Name',
    'StarCount',
  ]);
});

test('filters', async () => {
  const found = async (...filters: string[]) => {
    const args = filters.flatMap((filter) => ['--filter', filter]);
    const { stdout } = await pod(['search', ...args, '--format', '{{.Stars}}', 'alpine']);
    return stdout.trim().split('\n').join();
  };
  assert.is(await found('stars=10'), '42');
  assert.is(await found('is-official=false'), '3');
  assert.is(await found('is-automated=true', 'stars=10'), '');
  assert.match((await pod(['search', '--filter', 'stars=x', 'alpine'])).stderr, /invalid number "x"/);
  assert.match((await pod(['search', '--filter', 'size=1', 'alpine'])).stderr, /size/);
  assert.match((await pod(['search', '--limit', '101', 'alpine'])).stderr, /from 1 to 100/);
});

test('a registry without a search lists its repositories; a name with a / behind it lists them all', async () => {
  const names = async (term: string, ...more: string[]) => {
    const ran = await pod(['search', '--format', '{{.Name}}', ...more, term]);
    assert.equal([ran.code, ran.stderr], [0, '']);
    return ran.stdout
      .trim()
      .split('\n')
      .map((name) => name.replace(`${registry.host}/`, ''));
  };
  assert.equal(await names(`${registry.host}/app`), ['other/app', 'team/app']);
  assert.equal(await names(`${registry.host}/`), ['other/app', 'team/app', 'team/tool']);
  assert.equal(await names(`${registry.host}/`, '--limit', '1'), ['other/app']);
});

test('tags of an image', async () => {
  const name = `${registry.host}/team/app`;
  const listed = await pod(['search', '--list-tags', '--format', '{{.Name}}:{{.Tag}}', name]);
  assert.equal(listed.stdout.trim().split('\n').sort(), [`${name}:1`, `${name}:2`]);
  assert.equal(await pod(['search', '--list-tags', `${name}:1`]), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: 'Error: --list-tags takes a name without a tag\n',
  });
  const none = await pod(['search', '--list-tags', `${registry.host}/none`]);
  assert.match(none.stderr, /^Error: cannot list the tags of .*\/none: 404 not found/);
});

test('what offers nothing to search, or not to everybody, says so', async () => {
  const host = hostOf(silent);
  assert.equal(await pod(['search', `${host}/x`]), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: `Error: cannot search ${host}: it offers neither a search nor a list of its repositories\n`,
  });
  const denied = await pod(['search', `${closed.host}/x`]);
  assert.is(denied.code, 125);
  assert.match(denied.stderr, /^Error: cannot search .*: 401 access denied.*\n.*tsc-pod login/);
  await pod(['login', '-u', closed.user, '--password-stdin', closed.host], { input: closed.password });
  assert.is((await pod(['search', `${closed.host}/x`])).code, 0, 'whoever is logged in may search');
});

test('of several registries those that answer are enough', async () => {
  configure(
    `unqualified-search-registries = ["${hostOf(silent)}", "${hostOf(index)}", "blocked.test"]\n` +
      [hostOf(index), hostOf(silent)]
        .map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`)
        .join('') +
      '[[registry]]\nlocation = "blocked.test"\nblocked = true\n',
  );
  const ran = await pod(['search', '--format', '{{.Stars}}', 'alpine']);
  assert.equal(ran, {
    code: 0,
    signal: null,
    stdout: '42\n3\n',
    stderr:
      `cannot search ${hostOf(silent)}: it offers neither a search nor a list of its repositories\n` +
      'registry blocked.test is blocked: registries.conf says so\n',
  });
});

test.run();
