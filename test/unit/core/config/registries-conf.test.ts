import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endpointsOf } from '../../../../core/config/endpoints.ts';
import { loadRegistriesConfig, type RegistriesConfig } from '../../../../core/config/registries-conf.ts';
import { keepAlias } from '../../../../core/config/short-name-aliases.ts';
import { expandShortName, resolveShortName } from '../../../../core/config/short-names.ts';
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

test('a wildcard stands for hosts whatever their port, with a location and without', async () => {
  const conf = await config(`
    [[registry]]
    prefix = "*.example.com"
    location = "mine.net/x"
    [[registry]]
    prefix = "*.other.com"
    insecure = true
  `);
  assert.equal(places('a.b.example.com:5000/y:1', conf), ['mine.net/x/y:1']);
  assert.equal(places('example.com/y:1', conf), ['example.com/y:1']);
  assert.equal(places('a.other.com:443/y:1', conf), ['a.other.com:443/y:1!']);
});

test('a prefix may name a tag or a digest', async () => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const conf = await config(`
    [[registry]]
    prefix = "a.com/x:1"
    location = "b.com/y:2"
    [[registry]]
    prefix = "a.com/x@${digest}"
    location = "c.com/z@${digest}"
  `);
  assert.equal(places('a.com/x:1', conf), ['b.com/y:2']);
  assert.equal(places('a.com/x:10', conf), ['a.com/x:10']);
  assert.equal(places(`a.com/x@${digest}`, conf), [`c.com/z@${digest}`]);
});

test('of two rules for one prefix in a file the first counts', async () => {
  const conf = await config(
    '[[registry]]\nlocation = "a.com"\n[[registry.mirror]]\nlocation = "b.com"\n[[registry]]\nlocation = "a.com"\n',
  );
  assert.equal(places('a.com/x:1', conf), ['b.com/x:1', 'a.com/x:1']);
});

const resolved = async (conf: RegistriesConfig, ask = false): Promise<string[]> => {
  const choose = async (_: string, choices: readonly string[]) => choices[1]!;
  const { candidates, chosen } = await resolveShortName(
    parseImageReference('x:1'),
    conf,
    ask ? choose : undefined,
  );
  return [...candidates.map(canonicalName), ...(chosen ? [`(${chosen})`] : [])];
};

test('short-name-mode says who chooses among several registries', async () => {
  const two = 'unqualified-search-registries = ["a.io", "b.io"]\n';
  const all = ['a.io/x:1', 'b.io/x:1'];
  for (const mode of ['', 'short-name-mode = ""', 'short-name-mode = "permissive"']) {
    const conf = await config(two + mode);
    assert.equal(await resolved(conf), all);
    assert.equal(await resolved(conf, true), ['b.io/x:1', '(x)']);
  }
  const disabled = await config(`${two}short-name-mode = "disabled"`);
  assert.equal(await resolved(disabled, true), all);
  const enforcing = await config(`${two}short-name-mode = "enforcing"`);
  assert.equal(await resolved(enforcing, true), ['b.io/x:1', '(x)']);
  try {
    await resolved(enforcing);
    assert.unreachable();
  } catch (error) {
    assert.match((error as PodError).why ?? '', /short-name-mode in registries.conf is enforcing/);
  }
  const one = await config('unqualified-search-registries = ["a.io"]\nshort-name-mode = "enforcing"');
  assert.equal(await resolved(one), ['a.io/x:1']);
});

test('an alias that was chosen is kept where podman keeps it, and goes before registries.conf', async () => {
  const cached = { HOME: home, XDG_CACHE_HOME: join(home, 'cache'), CONTAINERS_REGISTRIES_CONF: file };
  put(file, '[aliases]\nx = "a.io/x"\n');
  await keepAlias('x', 'b.io/x', cached);
  await keepAlias('team/y', 'b.io/y', cached);
  const conf = await loadRegistriesConfig(cached);
  assert.equal(expanded('x:1', conf), ['b.io/x:1']);
  assert.equal(expanded('team/y', conf), ['b.io/y:latest']);
  assert.is(
    readFileSync(join(home, 'cache/containers/short-name-aliases.conf'), 'utf8'),
    '[aliases]\n  "x" = "b.io/x"\n  "team/y" = "b.io/y"\n',
  );
});

test('a drop-in file is of version 2', async () => {
  const dropIn = join(home, '.config/containers/registries.conf.d/10.conf');
  put(dropIn, '[registries.search]\nregistries = ["one.org"]\n');
  try {
    await config('');
    assert.unreachable();
  } catch (error) {
    assert.match((error as PodError).why ?? '', /a drop-in file is of version 2 of the format/);
  } finally {
    rmSync(dropIn);
  }
});

const broken: [string, number, RegExp][] = [
  ['[[registry]\n', 1, /./],
  ['\n\na = [1,\n', 4, /./],
  ['registry = "x"', 1, /registry is not written as \[\[registry\]\]/],
  ['[[registry]]\ninsecure = true', 1, /neither prefix nor location/],
  ['# a\n[[registry]]\nlocation = "https://x.org"', 3, /location is written without https:/],
  ['[[registry]]\nlocation = 5', 2, /location is not a string/],
  ['[[registry]]\nlocation = "x.org"\ninsecure = "yes"', 3, /insecure is not true or false/],
  ['[[registry]]\nlocation = "x.org"\n[[registry.mirror]]\ninsecure = true', 3, /a mirror has no location/],
  [
    '[[registry]]\nlocation = "x.org"\n[[registry.mirror]]\nlocation = "y"\npull-from-mirror = "no"',
    5,
    /pull-from-mirror is not all/,
  ],
  [
    '[[registry]]\nlocation = "a.org"\n[[registry]]\nlocation = "x.org"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "y"\npull-from-mirror = "all"',
    8,
    /pull-from-mirror can not be set beside mirror-by-digest-only/,
  ],
  ['[[registry]]\nlocation = "x.org"\npull-from-mirror = "all"', 3, /belongs to a mirror/],
  ['[[registry]]\nprefix = "*.x.org/y"', 2, /written as \*\.example\.com/],
  ['[[registry]]\nprefix = "a.*.x.org"', 2, /written as \*\.example\.com/],
  ['[[registry]]\nprefix = "*.x.org:5000"', 2, /written as \*\.example\.com/],
  [
    '[[registry]]\nlocation = "a"\nblocked = true\n[[registry]]\nlocation = "a"',
    4,
    /a is there twice, and differs in blocked/,
  ],
  ['unqualified-search-registries = "docker.io"', 1, /not a list/],
  ['short-name-mode = "loose"', 1, /short-name-mode is not/],
  ['aliases = 1', 1, /aliases is not a table/],
  ['[aliases]\na = "docker.io/a"\n"b:1" = "docker.io/b"', 3, /alias "b:1": a short name has neither/],
  ['[aliases]\n"localhost/b" = "docker.io/b"', 2, /a short name has neither/],
  ['[aliases]\nb = "b"', 2, /alias "b": it does not stand for a whole name/],
  ['[aliases]\nb = "docker.io/b:1"', 2, /it does not stand for a whole name without a tag/],
];
for (const [toml, line, why] of broken) {
  test(`${JSON.stringify(toml)} is refused with file and line`, async () => {
    try {
      await config(toml);
      assert.unreachable();
    } catch (error) {
      assert.instance(error, PodError);
      assert.is((error as PodError).message, `cannot use ${file}:${line}`);
      assert.match((error as PodError).why ?? '', why);
    }
  });
}

test('the two versions of the format do not mix', async () => {
  try {
    await config('[[registry]]\nlocation = "a"\n[registries.search]\nregistries = []\n');
    assert.unreachable();
  } catch (error) {
    assert.match((error as PodError).why ?? '', /they don't mix/);
  }
});

test.run();
