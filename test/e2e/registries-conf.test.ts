/** registries.conf against real registries; skopeo, with the same file, says where it looks and in which order. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { endpointsOf } from '../../core/config/endpoints.ts';
import { loadRegistriesConfig } from '../../core/config/registries-conf.ts';
import { PodError } from '../../core/error.ts';
import { canonicalName, parseImageReference } from '../../core/reference.ts';
import { command, pod, podOk, test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';
import { type Registry, startRegistry } from './harness/registry.ts';
import { environment, sandbox } from './harness/sandbox.ts';
import { podTerminal } from './harness/terminal.ts';

let near: Registry;
let far: Registry;
let digest: string;
const spec = (content: string) => ({ layers: [[{ name: 'x', content }]] });

test.before(async () => {
  [near, far] = await Promise.all([startRegistry(), startRegistry()]);
  digest = await near.push('copy/app:1', spec('near'));
  await far.push('team/app:1', spec('far'));
  await far.push('team/only:1', spec('only'));
});
test.before.each(() => rmSync(join(sandbox.home, '.cache'), { recursive: true, force: true }));
test.after.each(async () => {
  await pod(['rmi', '-af']);
});

/** Where skopeo looks for an image, in turn; what it says where it refuses to look at all. */
async function placesOfSkopeo(name: string): Promise<string[]> {
  const ran = await command(['skopeo', '--debug', 'inspect', `docker://${name}`], { env: environment });
  if (/is blocked/.test(ran.stderr)) return ['blocked'];
  const places = [...ran.stderr.matchAll(/Trying to access \\"([^"\\]*)\\"/g)].map(([, place]) => place!);
  return places.length > 0 ? places : [ran.stderr];
}

async function ourPlaces(name: string): Promise<string[]> {
  const config = await loadRegistriesConfig(environment);
  try {
    return endpointsOf(parseImageReference(name), config).map(({ reference }) => canonicalName(reference));
  } catch (error) {
    return [error instanceof PodError && error.code === 'denied' ? 'blocked' : String(error)];
  }
}

test('an image is looked for where skopeo looks for it', async () => {
  const at = `sha256:${'1'.repeat(64)}`;
  configure(`
[[registry]]
prefix = "a.test"
location = "127.0.0.1:1/all"
[[registry.mirror]]
location = "127.0.0.1:2"
[[registry.mirror]]
location = "127.0.0.1:3/x"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "127.0.0.1:4"
pull-from-mirror = "tag-only"

[[registry]]
prefix = "a.test/team"
location = "127.0.0.1:5/team"
mirror-by-digest-only = true
[[registry.mirror]]
location = "127.0.0.1:6"

[[registry]]
location = "a.test/team/secret"
blocked = true

[[registry]]
prefix = "*.b.test"
location = "127.0.0.1:8/wild"

[[registry]]
prefix = "*.deep.b.test"
[[registry.mirror]]
location = "127.0.0.1:9"

[[registry]]
location = "127.0.0.1:10/team"
blocked = true
`);
  const names = [
    ...['a.test/x:1', `a.test/x@${at}`, 'a.test/team/x:1', `a.test/team/x@${at}`, 'a.test/teams/x:1'],
    ...['a.test/team/secret:1', 'a.test/team/secret/x:1', 'a.test/team/secrets:1', 'a.test/x'],
    ...['y.b.test/x:1', 'y.z.b.test/x:1', 'y.deep.b.test/x:1'],
    ...['127.0.0.1:10/team/x:1', '127.0.0.1:10/teams/x:1', '127.0.0.1:10/team:1'],
  ];
  for (const name of names) assert.equal(await ourPlaces(name), await placesOfSkopeo(name), name);
});

const rule = (mirrors: string, more = '') => `
[[registry]]
prefix = "up.test/team"
location = "${far.host}/team"
insecure = true
${more}
${mirrors}`;
const mirror = (use = '') => `[[registry.mirror]]\nlocation = "${near.host}/copy"\ninsecure = true\n${use}`;

/** What the image that was pulled holds, and under which names it is. */
async function contentOf(name: string): Promise<string> {
  await podOk(['pull', '-q', name]);
  return podOk(['image', 'inspect', '--format', '{{index .RepoDigests 0}}', name]);
}

test('a mirror is asked first, the place itself where the mirror has it not, and names stay what they were', async () => {
  configure(rule(mirror()));
  assert.is((await contentOf('up.test/team/app:1')).trim(), `up.test/team/app@${digest}`);
  const notices = await pod(['pull', 'up.test/team/only:1']);
  assert.is(notices.code, 0);
  assert.match(notices.stderr, `cannot fetch the manifest 1 of ${near.host}/copy/only: 404 not found`);
  assert.is((await pod(['image', 'exists', 'up.test/team/only:1'])).code, 0);
});

test('a mirror for digests is not asked for tags, nor one for tags for digests', async () => {
  configure(rule(mirror('pull-from-mirror = "digest-only"')));
  assert.not.match(await contentOf('up.test/team/app:1'), digest);
  assert.is((await pod(['pull', '-q', `up.test/team/app@${digest}`])).code, 0, 'only the mirror has it');
  await podOk(['rmi', '-af']);
  configure(rule(mirror('pull-from-mirror = "tag-only"')));
  assert.match((await pod(['pull', `up.test/team/app@${digest}`])).stderr, /404 not found/);
  configure(rule(mirror(), 'mirror-by-digest-only = true'));
  assert.is((await pod(['pull', '-q', `up.test/team/app@${digest}`])).code, 0);
});

test('what is blocked is not asked at all, and says so', async () => {
  configure(rule(mirror(), 'blocked = true'));
  assert.equal(await pod(['pull', 'up.test/team/app:1']), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: 'Error: registry up.test/team is blocked: registries.conf says so\n',
  });
});

test('a mistake is told with file and line', async () => {
  configure('# comment\n[[registry]]\nlocation = "a.test"\ninsecure = "yes"\n');
  const path = join(sandbox.home, '.config/containers/registries.conf');
  const ran = await pod(['pull', 'a.test/x']);
  assert.is(ran.stderr, `Error: cannot use ${path}:4: insecure is not true or false\n`);
});

test('of several search registries a person at a terminal chooses, once', async () => {
  const insecure = [near, far].map(({ host }) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  configure(`unqualified-search-registries = ["${near.host}", "${far.host}"]\n${insecure.join('')}`);
  const screen = podTerminal(['pull', '-q', 'team/app:1']);
  await screen.until(`1) ${near.host}/team/app`);
  await screen.until(`2) ${far.host}/team/app`);
  await screen.until('Which one? [1-2] ');
  screen.send('2\r');
  assert.equal(await screen.end(), { code: 0, signal: null });
  assert.is((await pod(['image', 'exists', `${far.host}/team/app:1`])).code, 0);
  const kept = join(sandbox.home, '.cache/containers/short-name-aliases.conf');
  assert.is(readFileSync(kept, 'utf8'), `[aliases]\n  "team/app" = "${far.host}/team/app"\n`);
  await podOk(['rmi', '-af']);
  const again = podTerminal(['pull', '-q', 'team/app:1']);
  assert.equal(await again.end(), { code: 0, signal: null });
  assert.not.match(again.text(), /Which one/);
});

test('without a terminal all are tried, or none where short-name-mode is enforcing', async () => {
  const insecure = [near, far].map(({ host }) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  const search = `unqualified-search-registries = ["${near.host}", "${far.host}"]\n`;
  configure(search + insecure.join(''));
  assert.is((await pod(['pull', '-q', 'team/only:1'])).code, 0);
  configure(`${search}short-name-mode = "enforcing"\n${insecure.join('')}`);
  const ran = await pod(['pull', 'team/app:1']);
  assert.is(ran.code, 125);
  assert.match(
    ran.stderr,
    /^Error: cannot tell the registry of "team\/app:1": short-name-mode .* enforcing.*\nwrite the whole name: /,
  );
});

test('a helper of credential-helpers is asked', async () => {
  const secure = await startRegistry({ auth: 'htpasswd' });
  await secure.push('team/app:1', spec('secret'));
  const bin = join(sandbox.work, 'helpers');
  mkdirSync(bin, { recursive: true });
  const answer = JSON.stringify({ Username: secure.user, Secret: secure.password });
  writeFileSync(join(bin, 'docker-credential-here'), `#!/bin/sh\ncat > /dev/null\necho '${answer}'\n`, {
    mode: 0o755,
  });
  configure(`credential-helpers = ["here"]\n[[registry]]\nlocation = "${secure.host}"\ninsecure = true\n`);
  const env = { ...environment, PATH: `${bin}:${environment.PATH}` };
  assert.is((await pod(['pull', '-q', `${secure.host}/team/app:1`], { env })).code, 0);
  assert.is((await pod(['pull', '-q', `${secure.host}/team/app:1`])).code, 125);
});

test.run();
