import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import { eventually, pod, podOk, startPod, test } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

/** No other text has it. */
const HUSH = 'hush-4711-hush';
const create = (name: string, text: string, ...flags: string[]) =>
  podOk(['secret', 'create', ...flags, name, '-'], { input: text });
const made = (flags: string[], script: string) =>
  podOk(['run', '-d', '--network', 'none', ...flags, BUSYBOX, 'sh', '-c', script]);
const stored = (name: string) => join(sandbox.data, 'secrets', name);
const inspected = async (name: string) => JSON.parse(await podOk(['secret', 'inspect', name]))[0];

test('a secret is made from standard input, a file or a variable', async () => {
  const id = await create('db', HUSH, '--label', 'a=b');
  assert.match(id, /^[0-9a-f]{25}$/);
  writeFileSync(join(sandbox.work, 'file'), 'of a file\n');
  await podOk(['secret', 'create', 'file', join(sandbox.work, 'file')]);
  await podOk(['secret', 'create', '--env', 'variable', 'SOME'], { env: { SOME: 'of a variable' } });
  const shown = (name: string) =>
    podOk(['secret', 'inspect', '--showsecret', '--format', '{{.SecretData}}', name]);
  assert.is(await shown('file'), 'of a file\n');
  assert.is(await shown('variable'), 'of a variable');
  assert.is(statSync(stored('db')).mode & 0o777, 0o600);
  assert.is(statSync(join(sandbox.data, 'secrets')).mode & 0o777, 0o700);
});

test('ls and inspect show all but the secret', async () => {
  assert.is(
    await podOk(['secret', 'ls', '--format', '{{.Name}} {{.Driver}}']),
    'db file\nfile file\nvariable file',
  );
  assert.match((await podOk(['secret', 'ls'])).split('\n')[0]!, /^ID +NAME +DRIVER +CREATED +UPDATED$/);
  const { ID, CreatedAt, UpdatedAt, ...rest } = await inspected('db');
  assert.equal([ID.length, CreatedAt], [25, UpdatedAt]);
  assert.equal(rest, {
    Spec: {
      Name: 'db',
      Driver: { Name: 'file', Options: { path: join(sandbox.data, 'secrets') } },
      Labels: { a: 'b' },
    },
  });
  assert.is(await podOk(['secret', 'ls', '-q', '-f', 'name=d']), ID);
  assert.equal(await pod(['secret', 'exists', 'db']), ended(0));
  assert.equal(await pod(['secret', 'exists', ID.slice(0, 10)]), ended(0));
  assert.equal(await pod(['secret', 'exists', 'none']), ended(1));
});

test('what no secret can be is refused', async () => {
  const refused = async (args: string[], input = 'x') =>
    (await pod(['secret', 'create', ...args], { input })).stderr;
  assert.is(
    await refused(['db', '-']),
    'Error: cannot make the secret db: there is one of that name\n' +
      'tsc-pod secret create --replace db …   # or: tsc-pod secret rm db\n',
  );
  assert.is(await refused(['empty', '-'], ''), 'Error: cannot make the secret empty: it would be empty\n');
  assert.is(
    await refused(['big', '-'], 'x'.repeat(512_001)),
    'Error: cannot make the secret big: a secret has at most 512000 bytes\n',
  );
  assert.match(await refused(['../up', '-']), /^Error: "\.\.\/up" can't be the name of a secret/);
  assert.match(await refused(['--driver', 'pass', 'x', '-']), /--driver/);
  assert.match(await refused(['--env', 'x', 'NONE']), /^Error: no such variable: NONE\n/);
  assert.equal(readdirSync(join(sandbox.data, 'secrets')), ['db', 'file', 'variable']);
});

test('a container has it as a file in memory, with owner and mode, or as a variable', async () => {
  const flags = ['--secret', 'db', '--secret', 'db,target=sub/own,uid=7,gid=8,mode=0400'];
  assert.equal(
    await sh(
      'cat /run/secrets/db; cd /run/secrets; stat -c "%n %a %u:%g" db sub/own; stat -f -c %T .',
      flags,
    ),
    ended(0, `${HUSH}db 444 0:0\nsub/own 400 7:8\ntmpfs\n`),
  );
  assert.equal(
    await sh('echo "$PASSWORD $db"', [
      '--secret',
      'db,type=env,target=PASSWORD',
      '--secret',
      'db,type=env',
      '-e',
      'db=x',
    ]),
    ended(0, `${HUSH} ${HUSH}\n`),
  );
  assert.equal(
    await sh('cat /etc/deep/key; stat -f -c %T /etc/deep/key; ls -A /run/secrets', [
      '--secret',
      'db,target=/etc/deep/key',
    ]),
    ended(0, `${HUSH}tmpfs\n`),
  );
});

test('whoever the container runs as, and whatever its ids are', async () => {
  for (const mode of ['nomap', 'keep-id'])
    assert.equal(
      await sh('cat /run/secrets/db; stat -c " %u" /run/secrets/db', [
        '--userns',
        mode,
        '--secret',
        'db',
        '--read-only',
      ]),
      ended(0, `${HUSH} 0\n`),
      mode,
    );
});

test('nothing in the container can change or remove it', async () => {
  const ran = await sh(
    'echo x >/run/secrets/db; rm /run/secrets/db; echo x >/key; cat /key /run/secrets/db',
    [...['--secret', 'db', '--secret', 'db,target=/key']],
  );
  assert.equal([ran.code, ran.stdout], [0, HUSH + HUSH]);
  assert.equal(ran.stderr.split('\n').length, 4);
});

/** Every file below a directory whose text has the secret, whoever it belongs to. */
async function filesWith(directory: string): Promise<string[]> {
  const { stdout } = await pod(['unshare', 'grep', '-rlsF', HUSH, directory]);
  return stdout.split('\n').filter((line) => line !== '');
}

const commandLines = (): string =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    })
    .join('\n');

test('it is nowhere else: not on disk, in no list, image, archive, log, event or command line', async () => {
  const flags = ['--secret', 'db', '--secret', 'db,type=env,target=P', '--secret', 'db,target=/root/key'];
  const health = ['--health-cmd', 'test -n "$P"', '--restart', 'always'];
  const id = await made([...flags, ...health], 'trap exit TERM; sleep 60 & wait');
  assert.equal(await filesWith(sandbox.data), [stored('db')]);
  assert.equal(await filesWith(sandbox.run), []);
  assert.not.match(commandLines(), new RegExp(HUSH));
  await podOk(['commit', '-q', id, 'committed']);
  const told = [
    ['--debug', 'inspect', id],
    ['image', 'inspect', 'committed'],
    ['history', '--no-trunc', 'committed'],
    ['ps', '-a', '--no-trunc'],
    ['logs', id],
    ['events', '--since', '10m', '--until', '0s'],
    ['system', 'df', '-v'],
    ['export', id],
    ['secret', 'ls', '--format', 'json'],
    ['secret', 'inspect', 'db'],
    ['--debug', 'run', '--dry-run', '--network', 'none', ...flags, BUSYBOX, 'true'],
    ['--debug', 'run', '--rm', '--network', 'none', ...flags, BUSYBOX, '/no/such/program'],
  ];
  for (const args of told) {
    const { stdout, stderr } = await pod(args);
    assert.not.match(stdout + stderr, new RegExp(HUSH), args.join(' '));
  }
  assert.equal(
    JSON.parse(await podOk(['inspect', id]))[0].Config.Secrets.map(({ Name }: { Name: string }) => Name),
    ['db', 'db', 'db'],
  );
  // The image has empty files at most, where they were.
  assert.equal(
    await run(['committed', 'sh', '-c', 'ls -A /run/secrets; cat /root/key; env | grep -c P=']),
    ended(1, '0\n'),
  );
  assert.is(await podOk(['exec', id, 'sh', '-c', 'echo $P']), HUSH);
  await podOk(['healthcheck', 'run', id]);
  await podOk(['rm', '-f', '-t', '0', id]);
  await podOk(['rmi', 'committed']);
});

test('each start finds what the secret is then, and says that it was removed', async () => {
  await create('changes', 'one');
  const id = await made(
    ['--secret', 'changes', '--secret', 'changes,type=env,target=V'],
    'cat /run/secrets/changes; echo " $V"',
  );
  await podOk(['wait', id]);
  await create('changes', 'two', '--replace');
  await podOk(['start', '-a', id]);
  assert.is(await podOk(['logs', id]), 'one one\ntwo two');
  await podOk(['secret', 'rm', 'changes']);
  assert.equal(
    await pod(['start', '-a', id]),
    ended(
      125,
      '',
      'Error: there is no secret changes: it was removed after the container was made\n' +
        'tsc-pod secret create changes FILE   # makes it anew\n',
    ),
  );
  await podOk(['rm', id]);
});

test('a restart by policy finds the secret anew', async () => {
  await create('again', 'first');
  const id = await made(
    ['--restart', 'on-failure:3', '--secret', 'again'],
    'cat /run/secrets/again; while test "$(cat /run/secrets/again)" = first; do test -e /go && exit 1; sleep 0.1; done',
  );
  await create('again', 'second', '--replace');
  await podOk(['exec', id, 'touch', '/go']);
  await eventually(async () => (await podOk(['logs', id])) === 'firstsecond');
  await podOk(['rm', '-f', '-t', '0', id]);
});

test("what isn't there, and what would hide the secrets, is refused", async () => {
  assert.equal(
    await sh('true', ['--secret', 'none']),
    ended(125, '', 'Error: no such secret: none\ntsc-pod secret ls   # lists all secrets\n'),
  );
  assert.equal(
    await sh('true', ['--secret', 'db', '--tmpfs', '/run/secrets']),
    ended(
      125,
      '',
      'Error: cannot mount anything on /run/secrets: the secrets of the container are there\n' +
        'give --secret db another target: --secret db,target=/some/path\n',
    ),
  );
});

test('links of the image and of a shared volume lead no secret out of memory', async () => {
  const swap = await made(
    ['-v', 'swapped:/v'],
    'mkdir /v/a /v/b; while :; do ln -sfn a /v/s; ln -sfn /etc /v/s; ln -sfn ../../../../.. /v/s; done',
  );
  for (let i = 0; i < 6; i++) {
    const ran = await sh('cat /run/secrets/db; ls -A /v/a /v/b /v/s/secrets 2>/dev/null | grep -c db', [
      ...['-v', 'swapped:/v', '--secret', 'db', '--secret', 'db,target=/v/s/key'],
    ]);
    if (ran.code !== 125) assert.equal(ran.stdout, `${HUSH}0\n`);
  }
  await podOk(['rm', '-f', '-t', '0', swap]);
  assert.equal(await filesWith(sandbox.data), [stored('db')]);
  assert.equal(await filesWith(sandbox.work), []);
  await podOk(['volume', 'rm', 'swapped']);
});

test('a secret that is killed while it is made is not there', async () => {
  const child = startPod(['secret', 'create', 'cut', '-']);
  child.stdin!.write('half');
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  assert.equal(await pod(['secret', 'exists', 'cut']), ended(1));
});

test('rm takes names and ids, --all, and --ignore', async () => {
  const { ID } = await inspected('file');
  assert.equal(await pod(['secret', 'rm', ID.slice(0, 12)]), ended(0, `${ID}\n`));
  const missing = await pod(['secret', 'rm', 'file']);
  assert.equal(
    missing,
    ended(125, '', 'Error: no such secret: file\ntsc-pod secret ls   # lists all secrets\n'),
  );
  assert.equal(await pod(['secret', 'rm', '--ignore', 'file']), ended(0));
  await podOk(['secret', 'rm', '--all']);
  assert.is(await podOk(['secret', 'ls', '-q']), '');
  rmSync(join(sandbox.work, 'file'));
});

test('nothing is left of any of them', () => {
  assert.equal(remains(), []);
});

test.run();
