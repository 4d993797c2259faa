/** Pushes to Debian's docker-registry: what arrives is what was pulled, byte for byte, and others can use it. */
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { command, eventually, pod, podOk, podTerminal, startPod, test } from './harness/index.ts';
import { configure, trust } from './harness/registries-conf.ts';
import { sandbox } from './harness/sandbox.ts';
import { basicAuth, logIn } from './pull-lab.ts';
import {
  answer,
  type Fault,
  type FaultProxy,
  hangAfter,
  pass,
  startFaultProxy,
} from './registry/fault-proxy.ts';
import { pushLayout, seedAlpine, type TestLayer, tarOf, writeLayout } from './registry/make-image.ts';
import { startRegistry, type TestRegistry } from './registry/start-registry.ts';

const dir = (name: string): string => {
  const path = join(sandbox.work, name);
  mkdirSync(path, { recursive: true });
  return path;
};

let plain: TestRegistry;
let tokens: TestRegistry;
let watched: FaultProxy;
let alpine: string;

const insecure = (host: string): string => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`;
const partial = join(sandbox.data, 'partial');

test.before(async () => {
  [plain, tokens] = await Promise.all([
    startRegistry({ dir: dir('plain') }),
    startRegistry({ dir: dir('tokens'), tls: true, auth: 'token', open: /^library\// }),
  ]);
  watched = await startFaultProxy(tokens.url, tokens.server);
  alpine = await seedAlpine(plain, sandbox.work);
  const tree = dir('tree');
  const layers = (['gzip', 'zstd', 'none', 'gzip'] as const).map((compression, at): TestLayer => {
    mkdirSync(join(tree, `d${at % 3}`), { recursive: true });
    return { tar: tarOf(tree), compression };
  });
  writeLayout(dir('mixed'), [{ layers, config: { Cmd: ['true'] } }]);
  await pushLayout(plain, join(sandbox.work, 'mixed'), { name: 'mixed:1' });
  writeLayout(dir('list'), [
    { layers: layers.slice(0, 1), architecture: 'amd64' },
    { layers: layers.slice(0, 2), architecture: 'arm64' },
  ]);
  await pushLayout(plain, join(sandbox.work, 'list'), { name: 'many:1', all: true });
  trust(tokens, tokens.host, watched.host);
  await podOk(['run', '--rm', '--network', 'none', BUSYBOX, 'true']);
});

test.after(async () => {
  await Promise.all([plain, tokens, watched].map((server) => server?.stop()));
});

test.before.each(() => {
  watched.forget();
  configure(insecure(plain.host));
  logIn({ auths: { [tokens.host]: basicAuth(tokens), [watched.host]: basicAuth(tokens) } });
});

/** The manifest's bytes, as skopeo sees them. */
async function raw(registry: TestRegistry, name: string): Promise<string> {
  const credentials = `${registry.user}:${registry.password}`;
  const { code, stdout, stderr } = await command([
    ...['skopeo', 'inspect', '--raw', '--tls-verify=false'],
    ...['--creds', credentials, `docker://${registry.host}/${name}`],
  ]);
  assert.is(code, 0, stderr);
  return stdout;
}

/** "PATH: digest: … size: N": the last line of standard output. */
const last = (stdout: string): string => stdout.trimEnd().split('\n').at(-1)!;

for (const [name, what] of [
  ['library/alpine:latest', "Docker's schema 2"],
  ['mixed:1', 'OCI with layers of every kind'],
  ['many:1', 'one member of a list'],
] as const) {
  test(`registry to registry: every digest stays, ${what}`, async () => {
    const from = `${plain.host}/${name}`;
    const to = `${tokens.host}/copies/${name}`;
    await podOk(['pull', '-q', from]);
    const pushed = await pod(['push', from, to]);
    assert.equal([pushed.code, pushed.stderr], [0, '']);
    const arrived = await raw(tokens, `copies/${name}`);
    const [{ Digest: digest }] = JSON.parse(await podOk(['image', 'inspect', from]));
    assert.is(last(pushed.stdout), `${name.split(':')[1]}: digest: ${digest} size: ${arrived.length}`);
    if (name !== 'many:1') assert.is(arrived, await raw(plain, name));
    else assert.is(arrived, await raw(plain, `many@${digest}`));
    const { layers } = JSON.parse(arrived) as { layers: { digest: string }[] };
    const lines = new Set(layers.map((layer) => `${layer.digest.slice(7, 19)}: Pushed`));
    assert.equal(new Set(pushed.stdout.split('\n').slice(1, -2)), lines);
    assert.equal(readdirSync(partial), []);
    const again = await pod(['push', from, to]);
    for (const line of lines)
      assert.ok(again.stdout.includes(line.replace('Pushed', 'Layer already exists')), again.stdout);
  });
}

test('a blob that another repository of the registry has is mounted: no byte of it is sent', async () => {
  await podOk(['pull', '-q', `${plain.host}/mixed:1`]);
  await podOk(['push', '-q', `${plain.host}/mixed:1`, `${watched.host}/mounts/first:1`]);
  await podOk(['pull', '-q', `${watched.host}/mounts/first:1`]);
  watched.forget();
  const before = tokens.tokens!.requests.length;
  const pushed = await pod(['push', `${watched.host}/mounts/first:1`, `${watched.host}/mounts/second:1`]);
  assert.equal([pushed.code, pushed.stderr], [0, '']);
  assert.is(pushed.stdout.match(/: Mounted from mounts\/first\n/g)?.length, 4, pushed.stdout);
  assert.not.ok(watched.requests.some((line) => /^(?:PATCH|PUT) .*\/blobs\//.test(line)));
  assert.is(watched.passedOn, (await raw(tokens, 'mounts/second:1')).length, 'the manifest alone');
  const scopes = tokens.tokens!.requests.slice(before).map(({ url }) => decodeURIComponent(url));
  assert.ok(
    scopes.some(
      (url) =>
        /repository:mounts\/second:pull,push/.test(url) && /repository:mounts\/first:pull(?!,)/.test(url),
    ),
    scopes.join('\n'),
  );
});

test('where mounting is refused the blob is sent', async () => {
  await podOk(['pull', '-q', `${watched.host}/mounts/first:1`]);
  watched.rules = [{ when: /mount=/, fault: answer(403) }];
  const pushed = await pod(['push', `${watched.host}/mounts/first:1`, `${watched.host}/mounts/third:1`]);
  assert.equal([pushed.code, pushed.stderr], [0, '']);
  assert.is(pushed.stdout.match(/: Pushed\n/g)?.length, 4, pushed.stdout);
});

test('what is committed here is pushed compressed, and podman runs it', async () => {
  const data = ['--network', 'none', '--name', 'made', BUSYBOX, 'sh', '-c', 'echo hello >/hello'];
  await podOk(['run', ...data]);
  await podOk(['commit', 'made', 'made']);
  const pushed = await pod(['push', 'made', `${plain.host}/made:1`]);
  assert.equal([pushed.code, pushed.stderr], [0, '']);
  assert.equal(readdirSync(partial), []);
  const manifest = JSON.parse(await raw(plain, 'made:1'));
  for (const { mediaType } of manifest.layers) assert.match(mediaType, /[.+]gzip$/);
  // The same bytes each time: what is there needs no second copy.
  const again = await podOk(['push', 'made', `${plain.host}/made:1`]);
  assert.not.match(again, ': Pushed');
  const root = ['--root', dir('podman'), '--runroot', dir('run'), '--storage-driver', 'vfs'];
  const ran = await command(['podman', ...root, 'pull', '-q', '--tls-verify=false', `${plain.host}/made:1`]);
  assert.is(ran.code, 0, ran.stderr);
  const shown = await command([
    'podman',
    ...root,
    'run',
    '--rm',
    '--network',
    'none',
    `${plain.host}/made:1`,
    'cat',
    '/hello',
  ]);
  await command(['podman', ...root, 'system', 'migrate']); // ends the process that podman leaves running
  assert.is(shown.stdout, 'hello\n', shown.stderr);
  await podOk(['rm', 'made']);
});

test('--format and --compression-format make another manifest of the same image', async () => {
  const from = `${plain.host}/mixed:1`;
  const types = async (tag: string): Promise<[string, string[]]> => {
    const { mediaType, layers } = JSON.parse(await raw(plain, `formats:${tag}`));
    return [mediaType, layers.map((layer: { mediaType: string }) => layer.mediaType)];
  };
  const push = (tag: string, ...flags: string[]) =>
    podOk(['push', '-q', ...flags, from, `${plain.host}/formats:${tag}`]);
  await podOk(['pull', '-q', from]);
  await push('docker', '--format', 'v2s2');
  const docker = 'application/vnd.docker.distribution.manifest.v2+json';
  const dockerLayer = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  assert.equal(await types('docker'), [docker, Array(4).fill(dockerLayer)]);
  await push('zstd', '--compression-format', 'zstd', '--compression-level', '9');
  const oci = 'application/vnd.oci.image.manifest.v1+json';
  const layer = 'application/vnd.oci.image.layer.v1.tar+';
  assert.equal(await types('zstd'), [oci, Array(4).fill(`${layer}zstd`)]);
  await push('gzip', '--compression-format', 'gzip');
  assert.equal(await types('gzip'), [oci, Array(4).fill(`${layer}gzip`)]);
  const ids = new Set<string>();
  for (const tag of ['docker', 'zstd', 'gzip']) {
    const [{ Id: id }] = JSON.parse(
      await podOk(['image', 'inspect', await podOk(['pull', '-q', `${plain.host}/formats:${tag}`])]),
    );
    ids.add(id);
  }
  assert.is(ids.size, 1, 'one config');
  // A Docker image in OCI's types is the one that the store keeps beside it.
  await podOk(['pull', '-q', `${plain.host}/library/alpine`]);
  await podOk(['push', '-q', '--format', 'oci', `${plain.host}/library/alpine`, `${plain.host}/formats:oci`]);
  assert.is((await types('oci'))[0], oci);
  assert.equal(readdirSync(partial), []);
});

test('-q prints the name, --digestfile keeps the digest, --all-tags pushes every tag', async () => {
  await podOk(['pull', '-q', `${plain.host}/library/alpine`]);
  for (const tag of ['a', 'b'])
    await podOk(['tag', `${plain.host}/library/alpine`, `${plain.host}/tags:${tag}`]);
  const file = join(sandbox.work, 'digest');
  const quiet = await pod(['image', 'push', '-q', '--digestfile', file, `${plain.host}/tags:a`]);
  assert.equal(quiet, ended(0, `${plain.host}/tags:a\n`));
  assert.is(readFileSync(file, 'utf8'), alpine);
  const all = await pod(['push', '-a', `${plain.host}/tags`]);
  const size = (await raw(plain, 'tags:a')).length;
  const line = (tag: string) => [`${all.stdout.split('\n')[1]}`, `${tag}: digest: ${alpine} size: ${size}`];
  assert.equal(
    all,
    ended(
      0,
      [`The push refers to repository [${plain.host}/tags]`, ...line('a'), ...line('b'), ''].join('\n'),
    ),
  );
  assert.match(all.stdout.split('\n')[1]!, /^[0-9a-f]{12}: Layer already exists$/);
  await podOk(['rmi', `${plain.host}/tags:a`, `${plain.host}/tags:b`]);
  const ran = await pod(['pull', '-q', '-a', `${plain.host}/tags`]);
  const tags = await podOk(['images', '--no-trunc', '--format', '{{.ID}} {{.Tag}}', `${plain.host}/tags`]);
  const ids = ran.stdout.trim().split('\n');
  assert.equal(tags.split('\n').sort(), [`sha256:${ids[0]} a`, `sha256:${ids[1]} b`]);
  assert.equal(
    await pod(['pull', '-a', `${plain.host}/tags:a`]),
    ended(125, '', "Error: tag can't be used with --all-tags/-a\n"),
  );
  assert.match(
    (await pod(['pull', '-a', `${plain.host}/nothing`])).stderr,
    /^Error: cannot pull .*nothing: /,
  );
  const byDigest = `${plain.host}/by/digest@${alpine}`;
  assert.equal(await pod(['push', '-q', `${plain.host}/tags:a`, byDigest]), ended(0, `${byDigest}\n`));
});

test('a list is pushed as a whole, or one member of it', async () => {
  await podOk(['manifest', 'create', '--all', 'both', `docker://${plain.host}/many:1`]);
  const pushed = await pod(['push', 'both', `${plain.host}/lists/both:1`]);
  assert.equal([pushed.code, pushed.stderr], [0, '']);
  const { manifests } = JSON.parse(await raw(plain, 'many:1')) as { manifests: { digest: string }[] };
  const digests = manifests.map(({ digest }) => digest);
  const there = JSON.parse(await raw(plain, 'lists/both:1')) as { manifests: { digest: string }[] };
  assert.equal(
    there.manifests.map(({ digest }) => digest),
    digests,
  );
  const lacking = await pod(['push', '--platform', 'linux/s390x', 'both', `${plain.host}/lists/one:1`]);
  assert.is(lacking.code, 125);
  assert.match(lacking.stderr, 'linux/s390x');
  await podOk(['manifest', 'rm', 'both']);
});

test('on a terminal the layers are drawn in place', async () => {
  await podOk(['pull', '-q', `${plain.host}/library/alpine`]);
  const shown = podTerminal(['push', `${plain.host}/library/alpine`, `${plain.host}/drawn:1`]);
  await shown.until(/[0-9a-f]{12}: (?:Pushed|Mounted from library\/alpine)/);
  await shown.until(`1: digest: ${alpine}`);
  assert.is((await shown.end()).code, 0);
});

test('who may not push is told how to log in, and what was typed is not repeated', async () => {
  logIn(undefined);
  await podOk(['pull', '-q', `${plain.host}/library/alpine`]);
  const from = `${plain.host}/library/alpine`;
  const to = `${tokens.host}/team/app:1`;
  const anonymous = await pod(['push', from, to]);
  assert.is(anonymous.code, 125);
  assert.match(anonymous.stderr, `Error: cannot push ${to}: `);
  assert.match(anonymous.stderr, '401 access denied');
  assert.match(anonymous.stderr, `log in as somebody who may push there: tsc-pod login ${tokens.host}\n`);
  const wrong = await pod(['--debug', 'push', '--creds', 'somebody:geheim', from, to]);
  assert.is(wrong.code, 125);
  assert.not.match(wrong.stderr, 'geheim');
  assert.not.match(wrong.stderr, Buffer.from('somebody:geheim').toString('base64'));
  const noPassword = await pod(['push', '--creds', 'somebody', from, to]);
  assert.match(noPassword.stderr, '--creds has no password');
  await podOk(['push', '-q', '--creds', `${tokens.user}:${tokens.password}`, from, to]);
  const authfile = join(sandbox.work, 'auth.json');
  const login = ['login', '--authfile', authfile, '-u', tokens.user, '--password-stdin', tokens.host];
  assert.is((await pod(login, { input: tokens.password })).code, 0);
  await podOk(['push', '-q', '--authfile', authfile, from, to]);
});

test('a password that was typed is not in the list of processes; an interrupt leaves nothing', async () => {
  await podOk(['pull', '-q', `${plain.host}/mixed:1`]);
  const compressed = ['--compression-format', 'zstd'];
  const typed = ['--creds', `${tokens.user}:${tokens.password}`];
  watched.rules = [{ when: /^PUT /, times: Number.POSITIVE_INFINITY, fault: hangAfter() }];
  const to = `${watched.host}/interrupted:1`;
  const child = startPod(['push', ...compressed, ...typed, `${plain.host}/mixed:1`, to]);
  const end = once(child, 'exit');
  await eventually(() => watched.requests.filter((line) => /^PUT /.test(line)).length >= 3);
  assert.not.match(readFileSync(`/proc/${child.pid}/cmdline`, 'utf8'), tokens.password);
  assert.not.equal(readdirSync(partial), [], 'layers that were compressed to be sent');
  child.kill('SIGINT');
  assert.equal(await end, [130, null]);
  assert.equal(readdirSync(partial), []);
});

test('a token that is good no more in the middle is renewed', async () => {
  let issued = 0;
  const behind = await startFaultProxy(plain.url, tokens.server);
  trust(tokens, behind.host);
  const challenge = `Bearer realm="${behind.url}/token",service="s",scope="repository:renewed:pull,push"`;
  const wants =
    (least: number): Fault =>
    (response, forward, request) => {
      const token = Number(/^Bearer token-(\d+)$/.exec(request.headers.authorization ?? '')?.[1] ?? 0);
      const fault = token >= least ? pass : answer(401, { 'www-authenticate': challenge });
      return fault(response, forward, request);
    };
  const token: Fault = (response) => void response.end(JSON.stringify({ token: `token-${++issued}` }));
  behind.rules = [
    { when: /\/token/, times: Number.POSITIVE_INFINITY, fault: token },
    { when: /^PUT /, times: Number.POSITIVE_INFINITY, fault: wants(2) },
    { when: /./, times: Number.POSITIVE_INFINITY, fault: wants(1) },
  ];
  try {
    await podOk(['pull', '-q', `${plain.host}/library/alpine`]);
    const pushed = await pod(['push', '-q', `${plain.host}/library/alpine`, `${behind.host}/renewed:1`]);
    assert.equal([pushed.code, pushed.stderr], [0, '']);
    assert.is(issued, 2);
  } finally {
    await behind.stop();
  }
  assert.is(await raw(plain, 'renewed:1'), await raw(plain, 'library/alpine:latest'));
});

test('registries.conf counts: rewritten and blocked, a mirror is never pushed to', async () => {
  await podOk(['pull', '-q', `${plain.host}/library/alpine`]);
  configure(
    `${insecure(plain.host)}
[[registry]]
prefix = "example.test/team"
location = "${plain.host}/rewritten"
insecure = true
[[registry]]
location = "blocked.test"
blocked = true
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "${plain.host}"
insecure = true
`,
  );
  const from = `${plain.host}/library/alpine`;
  await podOk(['push', '-q', from, 'example.test/team/app:1']);
  assert.ok(await raw(plain, 'rewritten/app:1'));
  const blocked = await pod(['push', from, 'blocked.test/app']);
  assert.is(blocked.code, 125);
  assert.match(
    blocked.stderr,
    'Error: cannot push blocked.test/app:latest: registry blocked.test is blocked',
  );
  const hub = await pod(['push', from, 'mirrored'], { env: { HTTPS_PROXY: 'http://127.0.0.1:1' } });
  assert.is(hub.code, 125);
  assert.match(
    hub.stderr,
    'cannot push docker.io/library/mirrored:latest: cannot talk to registry registry-1.docker.io',
  );
});

test('what makes no sense is refused with its reason', async () => {
  await podOk(['pull', '-q', `${plain.host}/library/alpine`]);
  const name = `${plain.host}/library/alpine`;
  const id = await podOk(['images', '-q', name]);
  await podOk(['tag', name, 'localhost/own:1']);
  const cases: [string[], RegExp][] = [
    [['nothing-like-it'], /^Error: no such image: nothing-like-it\n/],
    [
      [id],
      new RegExp(`^Error: cannot tell where to push ${id}: that is no name of a repository\ntsc-pod push `),
    ],
    [
      ['own:1'],
      /^Error: cannot push localhost\/own:1: .*\nsay where to: tsc-pod push localhost\/own:1 REGISTRY\/own\n/,
    ],
    [['-a', `${name}:latest`], /^Error: tag can't be used with --all-tags\/-a\n/],
    [['-a', name, `${name}2`], /^Error: --all-tags goes with no destination/],
    [['--compression-format', 'zstd:chunked', name], /^Error: cannot compress as zstd:chunked/],
    [['--compression-format', 'xz', name], /^Error: .*gzip/],
    [['--compression-format', 'zstd', '--format', 'v2s2', name], /in the docker format/],
    [['--compression-level', '10', name], /^Error: .*1 to 9/],
    [['--format', 'v2s1', name], /^Error: cannot push in Docker schema 1/],
    [
      ['--sign-by-sigstore', 'me', name],
      /^Error: cannot make signatures of sigstore: tsc-pod keeps no keys\n/,
    ],
    [['--sign-by', 'me', name, 'dir:signed'], /^Error: cannot sign dir:signed: it is in no registry\n/],
    [['--platform', 'linux/s390x', name], /^Error: cannot push .* for linux\/s390x: it is for /],
    [[name, `${name}:1@${alpine}`], /it has a tag and a digest/],
    [[name, 'builtin:busybox'], /^Error: cannot push to builtin:busybox/],
  ];
  for (const [args, message] of cases) {
    const ran = await pod(['push', ...args]);
    assert.is(ran.code, 125, args.join(' '));
    assert.match(ran.stderr, message);
    assert.ok(ran.stderr.trimEnd().split('\n').length <= 3, ran.stderr);
  }
  configure('');
  const secure = await pod(['push', name]);
  assert.match(secure.stderr, 'it does not speak TLS\nif it has plain HTTP only, use --tls-verify=false');
  assert.is((await pod(['push', '-q', '--tls-verify=false', name])).code, 0);
  await podOk(['rmi', 'localhost/own:1']);
});

test.run();
