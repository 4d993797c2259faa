/** `build --platform` of several, `--manifest`, and what they give with `--output`. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { folder } from './copy-lab.ts';
import { limitEachTest, pod, podOk, sandbox, test } from './harness/index.ts';

limitEachTest(90);

const BOTH = ['--platform', 'linux/amd64,linux/arm64'];
const build = (...args: string[]): Promise<string> => podOk(['build', '-q', ...args]);

/** A tool that runs here and writes for the other. */
const context = folder(
  [
    'Dockerfile: FROM --platform=$BUILDPLATFORM builtin:busybox AS tool',
    'ARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDPLATFORM',
    'RUN echo "$TARGETPLATFORM $TARGETOS $TARGETARCH [$TARGETVARIANT]" >/out; [ -n "$BUILDPLATFORM" ]',
    'FROM --platform=$BUILDPLATFORM builtin:busybox AS same',
    'RUN cat /proc/sys/kernel/random/uuid >/same',
    'FROM scratch',
    'ARG TARGETARCH',
    'ENV ARCH=$TARGETARCH',
    'COPY --from=tool /out /out',
    'COPY --from=same /same /same',
    'CMD ["/none"]',
    '',
  ].join('\n'),
);

interface Index {
  manifests: { digest: string; platform: { os: string; architecture: string; variant?: string } }[];
}

async function platforms(list: string): Promise<string[]> {
  const { manifests }: Index = JSON.parse(await podOk(['manifest', 'inspect', list]));
  return manifests.map(({ platform: { architecture, variant } }) => architecture + (variant ?? ''));
}

async function storedNames(): Promise<string[]> {
  const lines = await podOk(['images', '-a', '--format', '{{.Repository}}:{{.Tag}}']);
  return lines
    .split('\n')
    .filter((line) => !line.startsWith('builtin:'))
    .sort();
}

function out(): string {
  const directory = join(sandbox.work, `out-${Math.random()}`);
  mkdirSync(directory);
  return directory;
}

test('several platforms are built each for itself, and become one list under the names of -t', async () => {
  const iidfile = join(out(), 'iid');
  const digest = await build(...BOTH, '-t', 'both', '-t', 'other:1', '--iidfile', iidfile, context);
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  assert.is(readFileSync(iidfile, 'utf8'), digest);
  assert.equal(await storedNames(), ['localhost/both:latest', 'localhost/other:1']);
  for (const name of ['both', 'other:1', digest]) assert.equal(await platforms(name), ['amd64', 'arm64']);
  const files = out();
  await podOk(['build', '-q', ...BOTH, '-o', files, context]);
  const read = (path: string) => readFileSync(join(files, path), 'utf8');
  assert.is(read('linux_amd64/out'), 'linux/amd64 linux amd64 []\n');
  assert.is(read('linux_arm64/out'), 'linux/arm64 linux arm64 []\n');
  assert.is(read('linux_amd64/same'), read('linux_arm64/same'), 'what is the same for both ran twice');
});

test('each image of the list has the config of its platform; the same again is the same list', async () => {
  const first = await build(...BOTH, '-t', 'configs', context);
  const ids = await podOk(['images', '-q', 'configs']);
  assert.is(await build(...BOTH, '-t', 'configs', context), first);
  assert.is(await podOk(['images', '-q', 'configs']), ids);
  const directory = out();
  await podOk([
    'build',
    '-q',
    ...BOTH,
    '-o',
    `type=oci,tar=false,dest=${directory}/layout`,
    '-t',
    'configs',
    context,
  ]);
  const blob = (digest: string) =>
    JSON.parse(readFileSync(join(directory, 'layout/blobs/sha256', digest.replace('sha256:', '')), 'utf8'));
  const index = JSON.parse(readFileSync(join(directory, 'layout/index.json'), 'utf8'));
  assert.equal(
    index.manifests.map((entry: { digest: string }) => entry.digest),
    [first],
  );
  const configs = (blob(first) as Index).manifests.map(({ digest }) => blob(blob(digest).config.digest));
  assert.equal(
    configs.map(({ architecture, config }) => [architecture, config.Env.at(-1), config.Cmd]),
    [
      ['amd64', 'ARCH=amd64', ['/none']],
      ['arm64', 'ARCH=arm64', ['/none']],
    ],
  );
});

test('an archive of several platforms has one entry, their list', async () => {
  const file = join(out(), 'x.tar');
  const digest = await build(...BOTH, '-o', `type=oci,dest=${file},name=archived:1`, '-t', 'x', context);
  const index: Index = JSON.parse(execFileSync('tar', ['xOf', file, 'index.json'], { encoding: 'utf8' }));
  assert.equal([...new Set(index.manifests.map((entry) => entry.digest))], [digest]);
  const names = execFileSync('tar', ['xOf', file, 'index.json'], { encoding: 'utf8' });
  assert.match(names, /"localhost\/x:latest"/);
  assert.match(names, /"localhost\/archived:1"/);
  const tar = join(out(), 'files.tar');
  await build(...BOTH, '-o', `type=tar,dest=${tar}`, context);
  assert.equal(execFileSync('tar', ['tf', tar], { encoding: 'utf8' }).trim().split('\n'), [
    ...['linux_amd64/', 'linux_amd64/out', 'linux_amd64/same'],
    ...['linux_arm64/', 'linux_arm64/out', 'linux_arm64/same'],
  ]);
});

test('--manifest adds to a list, in the place of what it had for the platform', async () => {
  const plain = folder('Dockerfile: FROM scratch\nARG N\nENV N=$N\n');
  await build('--platform', 'linux/arm/v7', '--manifest', 'grown', plain);
  await build(...BOTH, '--manifest', 'grown', plain);
  assert.equal(await platforms('grown'), ['armv7', 'amd64', 'arm64']);
  const digests = async () =>
    (JSON.parse(await podOk(['manifest', 'inspect', 'grown'])) as Index).manifests.map(
      ({ digest }) => digest,
    );
  const before = await digests();
  await build('--platform', 'linux/arm64', '--manifest', 'grown', '--build-arg', 'N=2', plain);
  const after = await digests();
  assert.equal(after.slice(0, 2), before.slice(0, 2));
  assert.is.not(after[2], before[2]);
  assert.is(after.length, 3);
});

test('a list is what FROM takes the image of each platform from', async () => {
  const base = folder('Dockerfile: FROM scratch\nARG TARGETARCH\nLABEL arch=$TARGETARCH\n');
  await build(...BOTH, '-t', 'listed', base);
  const derived = folder('Dockerfile: FROM listed\nCOPY f /f\n', 'f: f');
  await build(...BOTH, '-t', 'derived', derived);
  for (const arch of ['amd64', 'arm64']) {
    const id = await build('--platform', `linux/${arch}`, '-t', `derived-${arch}`, derived);
    assert.is(
      await podOk(['image', 'inspect', '--format', '{{.Config.Labels.arch}} {{.Architecture}}', id]),
      `${arch} ${arch}`,
    );
  }
});

test('a RUN for a machine that nothing here emulates is refused, with what would', async () => {
  const run = folder('Dockerfile: FROM scratch\nCOPY f /f\nRUN ["/f"]\n', 'f: f');
  assert.equal(await pod(['build', '--progress', 'quiet', '--platform', 'linux/s390x', run]), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: [
      'Dockerfile:3',
      '--------------------',
      '   1 |     FROM scratch',
      '   2 |     COPY f /f',
      '   3 | >>> RUN ["/f"]',
      '--------------------',
      'Error: cannot run a command for linux/s390x on linux/amd64: nothing here emulates it',
      'sudo apt-get install qemu-user-static binfmt-support   # then the kernel runs it by qemu',
      '',
    ].join('\n'),
  });
});

test('files alone are no image: nothing is stored', async () => {
  const before = await storedNames();
  const directory = out();
  const made = folder('Dockerfile: FROM scratch\nCOPY g /g\n', 'g: g');
  assert.is(await build('-o', directory, made), '');
  assert.equal(readdirSync(directory), ['g']);
  assert.is(await build('-o', 'type=cacheonly', made), '');
  assert.equal(await storedNames(), before);
  await build('-o', directory, '-t', 'files', made);
  assert.ok((await storedNames()).includes('localhost/files:latest'));
});

test('what cannot be at the end is refused at the beginning', async () => {
  const never = folder('Dockerfile: FROM builtin:busybox\nRUN false\n');
  const refusal = async (...args: string[]) => {
    const { code, stderr } = await pod(['build', '--progress', 'quiet', ...args, never]);
    return `${code} ${stderr.split('\n')[0]}`;
  };
  const missing = join(sandbox.work, 'missing');
  for (const [args, expected] of [
    [['-t', 'Upper'], /^125 Error: invalid image reference "Upper"/],
    [['-o', 'type=image,name=Upper'], /^125 Error: invalid image reference "Upper"/],
    [['--manifest', 'Upper'], /^125 Error: invalid image reference "Upper"/],
    [['--push'], /^125 Error: cannot use push: the image has no name$/],
    [['-o', `type=oci,dest=${missing}/x.tar`], /^125 Error: cannot write .*: there is no such directory$/],
    [['-o', `type=tar,dest=${sandbox.work}`], /^125 Error: cannot write .*: it is a directory$/],
    [['-o', '/etc/x'], /^125 Error: cannot write \/etc\/x: you may not write there$/],
    [['-o', '-', '-o', 'type=oci'], /^125 Error: cannot use 2 outputs to standard output: it can take one$/],
    [['-o', missing, '--iidfile', 'x'], /^125 Error: cannot use --iidfile: no image is made, only files$/],
    [
      [...BOTH, '-o', 'type=docker,dest=x'],
      /^125 Error: cannot use --output type=docker: it has room for one/,
    ],
    [['--secret', 'id=a,src=missing'], /^125 Error: cannot read the secret a: .*: there is no such file$/],
    [['--secret', 'nonsense'], /^125 Error: cannot use --secret nonsense: unknown option nonsense$/],
    [
      ['--ssh', 'default=missing'],
      /^125 Error: cannot use --ssh default=missing: .* is neither the socket of an agent nor the file of a key$/,
    ],
    [['--build-context', 'x'], /^125 Error: cannot use --build-context x: it is not NAME=VALUE$/],
  ] as const)
    assert.match(await refusal(...args), expected);
  assert.is(existsSync(missing), false);
});

test.run();
