import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endpointsOf } from '../../../../core/config/endpoints.ts';
import { loadRegistriesConfig, type RegistriesConfig } from '../../../../core/config/registries-conf.ts';
import { expandShortName } from '../../../../core/config/short-names.ts';
import { PodError } from '../../../../core/error.ts';
import { canonicalName, parseImageReference } from '../../../../core/reference.ts';

const home = mkdtempSync(join(tmpdir(), 'registries-'));
const file = join(home, 'given.conf');
const env = { HOME: home, CONTAINERS_REGISTRIES_CONF: file };
test.after(() => rmSync(home, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function config(toml: string): Promise<RegistriesConfig> {
  put(file, toml);
  return loadRegistriesConfig(env);
}

/** "host/path:tag" with "!" behind what is insecure. */
const places = (name: string, conf: RegistriesConfig): string[] =>
  endpointsOf(parseImageReference(name), conf).map(
    ({ reference, insecure }) => canonicalName(reference) + (insecure ? '!' : ''),
  );

test('without a rule a registry stands for itself', async () => {
  assert.equal(places('quay.io/x/y', await config('')), ['quay.io/x/y:latest']);
});

test('mirrors come first, each with its own place and security', async () => {
  const conf = await config(`
    [[registry]]
    prefix = "docker.io"
    [[registry.mirror]]
    location = "127.0.0.1:5000"
    insecure = true
    [[registry.mirror]]
    location = "mirror.example.com/hub/"
  `);
  assert.equal(places('alpine:3', conf), [
    '127.0.0.1:5000/library/alpine:3!',
    'mirror.example.com/hub/library/alpine:3',
    'docker.io/library/alpine:3',
  ]);
});

test('the longest prefix that ends at a boundary counts', async () => {
  const conf = await config(`
    [[registry]]
    prefix = "example.com/foo"
    location = "internal.net/bar"
    [[registry]]
    prefix = "example.com/foo/special"
    location = "other.net"
    insecure = true
    [[registry]]
    prefix = "example.com/foo/special/one:1"
    location = "pinned.net/x"
  `);
  assert.equal(places('example.com/foo/app', conf), ['internal.net/bar/app:latest']);
  assert.equal(places('example.com/foo', conf), ['internal.net/bar:latest']);
  assert.equal(places('example.com/foobar/app', conf), ['example.com/foobar/app:latest']);
  assert.equal(places('example.com/foo/special/app', conf), ['other.net/app:latest!']);
  assert.equal(places('example.com/foo/special/one:1', conf), ['pinned.net/x:1']);
  assert.equal(places('example.com/foo/special/one:12', conf), ['other.net/one:12!']);
});

test('a wildcard stands for all hosts below a domain', async () => {
  const conf = await config('[[registry]]\nprefix = "*.example.com"\ninsecure = true\n');
  assert.equal(places('a.b.example.com/x', conf), ['a.b.example.com/x:latest!']);
  assert.equal(places('example.com/x', conf), ['example.com/x:latest']);
  const moved = await config('[[registry]]\nprefix = "*.example.com"\nlocation = "new.org/old"\n');
  assert.equal(places('a.example.com/x/y', moved), ['new.org/old/x/y:latest']);
});

test('mirrors may be for digests or for tags only', async () => {
  const conf = await config(`
    [[registry]]
    location = "example.com"
    [[registry.mirror]]
    location = "digests.net"
    pull-from-mirror = "digest-only"
    [[registry.mirror]]
    location = "tags.net"
    pull-from-mirror = "tag-only"
    [[registry]]
    location = "old.com"
    mirror-by-digest-only = true
    [[registry.mirror]]
    location = "digests.net"
  `);
  const digest = `sha256:${'a'.repeat(64)}`;
  assert.equal(places('example.com/x:1', conf), ['tags.net/x:1', 'example.com/x:1']);
  assert.equal(places(`example.com/x@${digest}`, conf), [
    `digests.net/x@${digest}`,
    `example.com/x@${digest}`,
  ]);
  assert.equal(places('old.com/x:1', conf), ['old.com/x:1']);
  assert.is(places(`old.com/x@${digest}`, conf).length, 2);
});

test('a blocked registry is denied', async () => {
  const conf = await config('[[registry]]\nlocation = "docker.io/evil"\nblocked = true\n');
  assert.throws(
    () => places('evil/app', conf),
    (error: PodError) => error.code === 'denied',
  );
  assert.equal(places('good/app', conf), ['docker.io/good/app:latest']);
});

const expanded = (name: string, conf: RegistriesConfig): string[] =>
  expandShortName(parseImageReference(name), conf).map(canonicalName);

test('aliases go before search registries, and only for short names', async () => {
  const conf = await config(`
    unqualified-search-registries = ["quay.io", "docker.io"]
    [aliases]
    "fedora" = "registry.fedoraproject.org/fedora"
    "team/tool" = "ghcr.io/team/tool"
  `);
  assert.equal(expanded('fedora:40', conf), ['registry.fedoraproject.org/fedora:40']);
  assert.equal(expanded('team/tool', conf), ['ghcr.io/team/tool:latest']);
  assert.equal(expanded('plainname', conf), [
    'quay.io/plainname:latest',
    'docker.io/library/plainname:latest',
  ]);
  assert.equal(expanded('docker.io/fedora', conf), ['docker.io/library/fedora:latest']);
  assert.equal(expanded('localhost/fedora', conf), ['localhost/fedora:latest']);
});

test('docker.io is searched unless told, and an empty search list is an error that shows the whole name', async () => {
  assert.equal(expanded('nosuchalias/x', await config('')), ['docker.io/nosuchalias/x:latest']);
  const conf = await config('unqualified-search-registries = []');
  assert.throws(
    () => expanded('nosuchalias', conf),
    (error: PodError) => error.hint?.endsWith('docker.io/library/nosuchalias') ?? false,
  );
});

test('drop-in files of the user add to and replace what is before them', async () => {
  const dropIn = join(home, '.config/containers/registries.conf.d');
  put(
    join(dropIn, '10-a.conf'),
    '[[registry]]\nlocation = "a.com"\ninsecure = true\n[aliases]\nx = "a.com/x"\n',
  );
  put(join(dropIn, '20-b.conf'), '[aliases]\nx = "b.com/x"\ny = ""\n');
  put(join(dropIn, 'ignored.txt'), 'not = [toml');
  const conf = await config('[[registry]]\nlocation = "a.com"\nblocked = true\n[aliases]\ny = "y.com/y"\n');
  rmSync(dropIn, { recursive: true });
  assert.equal(places('a.com/z', conf), ['a.com/z:latest!']);
  assert.equal(expanded('x', conf), ['b.com/x:latest']);
  assert.equal(expanded('y', conf), ['docker.io/library/y:latest']);
});

test("the user's own file takes the place of the system's", async () => {
  put(join(home, 'xdg/containers/registries.conf'), 'unqualified-search-registries = ["mine.org"]');
  const conf = await loadRegistriesConfig({ HOME: home, XDG_CONFIG_HOME: join(home, 'xdg') });
  assert.equal(conf.search, ['mine.org']);
});

test('the first version of the format is read', async () => {
  const conf = await config(`
    [registries.search]
    registries = ["one.org"]
    [registries.insecure]
    registries = ["two.org"]
    [registries.block]
    registries = ["three.org"]
  `);
  assert.equal(conf.search, ['one.org']);
  assert.equal(places('two.org/x', conf), ['two.org/x:latest!']);
  assert.throws(() => places('three.org/x', conf));
});

const broken: [string, RegExp][] = [
  ['[[registry]\n', /./],
  ['registry = "x"', /registry is not written/],
  ['[[registry]]\ninsecure = true', /neither prefix nor location/],
  ['[[registry]]\nlocation = "https://x.org"', /neither prefix nor location/],
  ['[[registry]]\nlocation = 5', /location is not a string/],
  ['[[registry]]\nlocation = "x.org"\ninsecure = "yes"', /insecure is not true or false/],
  [
    '[[registry]]\nlocation = "x.org"\n[[registry.mirror]]\ninsecure = true',
    /mirror location is not a string/,
  ],
  [
    '[[registry]]\nlocation = "x.org"\n[[registry.mirror]]\nlocation = "y"\npull-from-mirror = "no"',
    /pull-from-mirror/,
  ],
  ['unqualified-search-registries = "docker.io"', /not a list/],
  ['aliases = 1', /aliases is not a table/],
];
for (const [toml, why] of broken) {
  test(`${JSON.stringify(toml).slice(0, 60)} is refused with the file's name`, async () => {
    try {
      await config(toml);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, PodError);
      assert.is((error as PodError).message, `cannot use ${file}`);
      assert.match((error as PodError).why ?? '', why);
    }
  });
}

test.run();
