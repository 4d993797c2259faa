/** RUN --mount=type=ssh with a real agent, and mounts that belong to another user than root. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { folder } from './copy-lab.ts';
import { binary, command, limitEachTest, pod, podOk, sandbox, test } from './harness/index.ts';

limitEachTest(90);

/** ssh-add, with the libraries that it needs. */
function clientInto(context: string): void {
  const libraries = execFileSync('ldd', ['/usr/bin/ssh-add'], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const file of ['/usr/bin/ssh-add', ...libraries]) {
    mkdirSync(dirname(join(context, 'c', file)), { recursive: true });
    copyFileSync(file, join(context, 'c', file));
  }
}

function newKey(): { key: string; fingerprint: string } {
  const key = join(sandbox.work, `key-${Math.random()}`);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const fingerprint = execFileSync('ssh-keygen', ['-lf', key], { encoding: 'utf8' }).split(' ')[1]!;
  return { key, fingerprint };
}

/** Builds beside an agent that has one key; gives the key's fingerprint and what was told. */
async function buildWithAgent(...args: string[]): Promise<{ fingerprint: string; said: string }> {
  const { key, fingerprint } = newKey();
  const script = 'ssh-add -q "$0" && exec "$@"';
  const agent = ['ssh-agent', 'sh', '-c', script, key];
  const ran = await command([...agent, binary, 'build', '--progress', 'plain', ...args]);
  return { fingerprint, said: ran.stdout + ran.stderr };
}

test('--ssh passes the agent on to the step that asks for it, as the user that it names', async () => {
  const made = folder(
    'Dockerfile: FROM builtin:busybox\nCOPY c /\nUSER 7\nRUN --mount=type=ssh,uid=7 ssh-add -l; stat -c "%a %u" $SSH_AUTH_SOCK\nRUN echo "[$SSH_AUTH_SOCK]"; ls /run\n',
  );
  clientInto(made);
  const { fingerprint, said } = await buildWithAgent('--ssh', 'default', '--no-cache', made);
  assert.ok(said.includes(fingerprint), said);
  assert.match(said, / 600 7\n/);
  assert.match(said, / \[\]\n/);
});

test('--ssh with files of keys is an agent that has these', async () => {
  const made = folder(
    'Dockerfile: FROM builtin:busybox\nCOPY c /\nRUN --mount=type=ssh,id=deploy,required ssh-add -l\n',
  );
  clientInto(made);
  const [one, other] = [newKey(), newKey()];
  const keys = `deploy=${one.key},${other.key}`;
  const { code, stderr } = await pod(['build', '--progress', 'plain', '--ssh', keys, made]);
  assert.is(code, 0, stderr);
  assert.ok(stderr.indexOf(one.fingerprint) < stderr.indexOf(other.fingerprint), stderr);
  assert.ok(stderr.includes(one.fingerprint), stderr);
  execFileSync('ssh-keygen', ['-q', '-p', '-N', 'secret', '-f', one.key]);
  const locked = await pod(['build', '--ssh', `deploy=${one.key}`, made]);
  assert.is(locked.stderr.split('\n')[0], `Error: cannot use the key ${one.key}: it has a passphrase`);
});

test('an agent that was not given is an error where it is required, and else nothing', async () => {
  const wish = (more: string) =>
    folder(`Dockerfile: FROM builtin:busybox\nRUN --mount=type=ssh${more} echo "[$SSH_AUTH_SOCK]"\n`);
  const { code, stderr } = await pod(['build', '--progress', 'quiet', wish(',required')]);
  assert.is(code, 125);
  assert.match(stderr, /Error: ssh agent default: not given\ntsc-pod build --ssh default/);
  assert.match((await pod(['build', '--progress', 'plain', wish('')])).stderr, / \[\]\n/);
});

for (const options of [
  'uid=7',
  'uid=7,mode=0700',
  'uid=7,gid=8,mode=0750,sharing=private',
  'uid=7,sharing=locked',
])
  test(`a cache with ${options} is that user's, and is there again`, async () => {
    const mount = `--mount=type=cache,target=/c,id=${options.replaceAll(/[^a-z]/g, '')},${options}`;
    const made = folder(
      `Dockerfile: FROM builtin:busybox\nUSER 7:8\nRUN ${mount} cat /c/f; echo kept >/c/f; stat -c "%u %a" /c\n`,
    );
    const say = async () => (await pod(['build', '--no-cache', '--progress', 'plain', made])).stderr;
    const mode = /mode=0(\d+)/.exec(options)?.[1] ?? '755';
    assert.match(await say(), new RegExp(` 7 ${mode}\n`));
    assert.match(await say(), / kept\n/);
  });

test('a file of a stage that is closed to all but its owner can be mounted', async () => {
  const made = folder(
    'Dockerfile: FROM builtin:busybox AS a\nRUN echo secret >/f && chmod 600 /f && chown 7:7 /f\nFROM builtin:busybox\nUSER 7\nRUN --mount=type=bind,from=a,source=/f,target=/m cat /m >/tmp/m\n',
  );
  await podOk(['build', '-q', '-t', 'closed', made]);
  assert.is(await podOk(['run', '--rm', '--network', 'none', 'closed', 'cat', '/tmp/m']), 'secret');
});

test('a link of a stage that is mounted leads to nothing but the stage', async () => {
  const outside = folder('f: of the host\n');
  for (const [source, seen] of [
    [join(outside, 'f'), 'cannot copy'],
    [outside, 'cannot copy'],
    ['/../../../inside', ' of the stage\n'],
  ] as const) {
    const made = folder(
      `Dockerfile: FROM builtin:busybox AS evil\nRUN echo of the stage >/inside; ln -s ${source} /way\nFROM builtin:busybox\nRUN --mount=type=bind,from=evil,source=/way,target=/m cat /m /m/f; true\n`,
    );
    const { stderr } = await pod(['build', '--progress', 'plain', '--network', 'none', made]);
    assert.match(stderr, seen);
    assert.not.match(stderr, /\d of the host/);
  }
});

test('what was made for a mount is removed in the step alone, whatever the step has put on the way', async () => {
  const outside = folder('b: ', 'd');
  for (const target of ['b', 'd']) {
    const made = folder(
      `Dockerfile: FROM builtin:busybox\nRUN --mount=type=tmpfs,target=/a/${target} mv /a /z && ln -s ${outside} /a\n`,
    );
    await podOk(['build', '-q', '--network', 'none', '-t', 'swapped', made]);
    assert.is(await podOk(['run', '--rm', '--network', 'none', 'swapped', 'readlink', '/a']), outside);
  }
  assert.equal(readdirSync(outside), ['b', 'd']);
});

test.run();
