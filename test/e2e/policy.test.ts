/** policy.json with real signatures. skopeo, with the same files, says what each policy means. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { command, pod, podOk, test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';
import { type Registry, startRegistry } from './harness/registry.ts';
import { environment, sandbox } from './harness/sandbox.ts';
import { makeSigner, pushCosign, type Signer, simpleClaim } from './registry/sign.ts';

const config = join(sandbox.home, '.config/containers');
const lookaside = join(sandbox.work, 'lookaside');
const keys = {} as Record<'good' | 'other' | 'brief', string>;
const cosign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = join(sandbox.work, 'cosign.pub');

let registry: Registry;
let signer: Signer;
let digest: string;
let image: string;
let other: string;

test.before(async () => {
  registry = await startRegistry();
  const layers = [[{ name: 'x', content: 'x' }]];
  digest = await registry.push('team/app:1', { layers });
  other = await registry.push('team/other:1', { layers: [[{ name: 'y', content: 'y' }]] });
  image = `${registry.host}/team/app:1`;
  signer = makeSigner(join(sandbox.dir, 'gpg'));
  keys.good = signer.makeKey('good', { armor: true });
  keys.other = signer.makeKey('other');
  keys.brief = signer.makeKey('brief', { expires: 'seconds=2' });
  writeFileSync(pem, cosign.publicKey.export({ type: 'spki', format: 'pem' }));
});
test.after(() => signer?.stop());

test.before.each(() => {
  configure(`[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`);
  rmSync(lookaside, { recursive: true, force: true });
  signaturesIn(`file://${lookaside}`);
});
test.after.each(() => rmSync(join(config, 'policy.json'), { force: true }));

function policy(content: object | string): void {
  mkdirSync(config, { recursive: true });
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(join(config, 'policy.json'), text);
}

function signaturesIn(url: string): void {
  mkdirSync(join(config, 'registries.d'), { recursive: true });
  const text = `# where signatures are\ndocker:\n  ${registry.host}:\n    lookaside: ${url}\n    use-sigstore-attachments: true\n`;
  writeFileSync(join(config, 'registries.d/test.yaml'), text);
}

/** Puts signatures where the lookaside storage has those of team/app. */
function put(...signatures: Buffer[]): void {
  const directory = join(lookaside, `team/app@${digest.replace(':', '=')}`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [at, bytes] of signatures.entries())
    writeFileSync(join(directory, `signature-${at + 1}`), bytes);
}

const signedBy = (more: object = {}) => ({
  default: [{ type: 'reject' }],
  transports: {
    docker: { [registry.host]: [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: keys.good, ...more }] },
  },
});

/**
 * What skopeo and tsc-pod say of an image, which must be the same; the reason where it is kept out. Debian's skopeo
 * knows no sigstoreSigned. What was accepted is removed again.
 */
async function verdict(name = image, withSkopeo = true): Promise<string> {
  const copy = ['skopeo', 'copy', '--quiet', `docker://${name}`, `dir:${join(sandbox.work, 'copy')}`];
  const [oracle, mine] = await Promise.all([
    withSkopeo ? command(copy, { env: environment }) : undefined,
    pod(['pull', '-q', name]),
  ]);
  if (oracle) assert.is(mine.code, oracle.code === 0 ? 0 : 125, `${mine.stderr}skopeo: ${oracle.stderr}`);
  if (mine.code === 0) {
    await podOk(['rmi', '-f', mine.stdout.trim()]);
    return 'accepted';
  }
  assert.is(mine.stdout, '');
  const [, why] = /policy\.json: ([^\n]*)\n/.exec(mine.stderr) ?? [];
  return why ?? mine.stderr;
}

test('reject and insecureAcceptAnything, by the most special scope', async () => {
  const reject = [{ type: 'reject' }];
  const accept = [{ type: 'insecureAcceptAnything' }];
  const rejected = 'images from there are rejected';
  const cases: [object, string][] = [
    [{ default: reject }, rejected],
    [{ default: accept }, 'accepted'],
    [{ default: accept, transports: { docker: { '': reject } } }, rejected],
    [{ default: reject, transports: { docker: { [registry.host]: accept } } }, 'accepted'],
    [{ default: accept, transports: { docker: { [`${registry.host}/team`]: reject } } }, rejected],
    [{ default: accept, transports: { docker: { [image]: reject } } }, rejected],
    [{ default: accept, transports: { docker: { [`${registry.host}/tea`]: reject } } }, 'accepted'],
    [
      {
        default: reject,
        transports: { docker: { [registry.host]: reject, [`${registry.host}/team/app`]: accept } },
      },
      'accepted',
    ],
    [{ default: reject, transports: { oci: { '': accept } } }, rejected],
    [{ default: reject, transports: { docker: { '*.0.0.1': accept } } }, 'accepted'],
    [{ default: [...accept, ...reject] }, rejected],
  ];
  for (const [content, expected] of cases) {
    policy(content);
    assert.is(await verdict(), expected, JSON.stringify(content));
  }
});

test('an image that is in the store already does not stay by a pull that is no longer let in', async () => {
  policy({ default: [{ type: 'insecureAcceptAnything' }] });
  assert.is((await pod(['pull', '-q', image])).code, 0);
  policy({ default: [{ type: 'reject' }] });
  const again = await pod(['pull', '-q', image]);
  await podOk(['rmi', '-f', image]);
  assert.is((await pod(['images', '-q'])).stdout, '', 'what is kept out is no image');
  assert.is(again.code, 125);
  assert.match(again.stderr, /default in .*policy\.json: images from there are rejected\n/);
});

test('a policy that is broken keeps everything out, and says where', async () => {
  const cases: [string, RegExp][] = [
    ['{"default": [{"type": "reject"}', /^line 1, column 32: "," or "\]" is expected/],
    ['{"default": [], "default": []}', /line 1, column 17: a name is given twice/],
    ['{}', /it has no "default"/],
    ['{"default": []}', /default: the list is empty/],
    ['{"default": [{"type": "x"}]}', /default\[0\]\.type: "x" is not known/],
    ['{"default": [{"type": "reject", "a": 1}]}', /default\[0\]: "a" is not known/],
    [
      '{"default":[{"type":"reject"}],"transports":{"docker":{"a":[{"type":"signedBy","keyType":"GPGKeys"}]}}}',
      /transports\.docker\."a"\[0\]: it takes exactly one of keyPath, keyPaths and keyData/,
    ],
  ];
  for (const [text, expected] of cases) {
    policy(text);
    assert.match(await verdict(), expected);
  }
});

test('signedBy: signatures that skopeo makes are good, wherever keys come from', async () => {
  const copied = await command(
    [
      ...['skopeo', '--insecure-policy', 'copy', '--quiet', '--sign-by', 'good@test'],
      ...['--dest-tls-verify=false', '--src-tls-verify=false'],
      ...[`docker://${image}`, `docker://${image}`],
    ],
    { env: { ...environment, GNUPGHOME: signer.env.GNUPGHOME! } },
  );
  assert.is(copied.code, 0, copied.stderr);
  const keyData = Buffer.from(await import('node:fs').then(({ readFileSync }) => readFileSync(keys.good)));
  for (const more of [
    {},
    { keyPath: undefined, keyPaths: [keys.other, keys.good] },
    { keyPath: undefined, keyData: keyData.toString('base64') },
  ]) {
    policy(signedBy(more));
    assert.is(await verdict(), 'accepted');
  }
  policy(signedBy());
  assert.is(await verdict(`${registry.host}/team/app@${digest}`), 'accepted');
});

test('signedBy: none, another key, another digest, another name, or what is no signature', async () => {
  const none = 'a signature is required, and there is none';
  const bad = (why: string) => `a signature is required, and none is good: ${why}`;
  const claim = simpleClaim(digest, image);
  const good = signer.sign('good', claim);
  const broken = Buffer.from(good);
  broken[broken.length - 3]! ^= 0x40;
  const gpg = (payload: string, ...more: string[]) => signer.sign('good', payload, ...more);
  const cases: [Buffer[], string][] = [
    [[], none],
    [[good], 'accepted'],
    [[signer.sign('other', claim), good], 'accepted'],
    [[signer.sign('other', claim)], bad('it was made with another key')],
    [[gpg(simpleClaim(other, image))], bad('it is for another digest')],
    [
      [gpg(simpleClaim(digest, `${registry.host}/team/other:1`))],
      bad(`it is for ${registry.host}/team/other:1`),
    ],
    [[gpg(simpleClaim(digest, `${registry.host}/team/app:2`))], bad(`it is for ${registry.host}/team/app:2`)],
    [
      [gpg(simpleClaim(digest, image, { more: 1 }))],
      bad('what it signs can not be read (critical has not exactly the members type, image, identity)'),
    ],
    [
      [gpg(claim.replace('"critical"', '"critical":{},"critical"'))],
      bad('what it signs can not be read (line 1, column 16: a name is given twice)'),
    ],
    [[Buffer.from(claim)], bad('it is no OpenPGP message')],
    [[gpg(claim, '--armor')], bad('it is no OpenPGP message')],
    [[good.subarray(0, good.length - 20)], bad('it is no signature')],
    [[Buffer.alloc(0)], bad('it is no OpenPGP message')],
  ];
  policy(signedBy());
  for (const [signatures, expected] of cases) {
    put(...signatures);
    assert.is(await verdict(), expected);
  }
  put(broken);
  assert.match(await verdict(), /^a signature is required, and none is good: /);
});

test('signedBy: an expired key or signature is worth nothing', async () => {
  policy(signedBy({ keyPath: keys.brief }));
  put(
    signer.sign(
      'brief',
      simpleClaim(digest, image),
      '--faked-system-time',
      '20200101T000000!',
      '--ignore-time-conflict',
    ),
  );
  assert.match(await verdict(), /none is good: /);
  policy(signedBy());
  put(signer.sign('good', simpleClaim(digest, image), '--default-sig-expire', 'seconds=1'));
  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.is(await verdict(), 'a signature is required, and none is good: the signature has expired');
});

test('signedIdentity says what the signature may call the image', async () => {
  const host = () => registry.host;
  const remap = (signedPrefix: string) => ({ type: 'remapIdentity', prefix: `${host()}/team`, signedPrefix });
  const cases: [object, string, string, boolean][] = [
    [{ type: 'matchExact' }, `${host()}/team/app@${digest}`, image, false],
    [{ type: 'matchRepoDigestOrExact' }, `${host()}/team/app@${digest}`, image, true],
    [{ type: 'matchRepository' }, image, `${host()}/team/app:other`, true],
    [{ type: 'exactReference', dockerReference: 'up.stream/app:9' }, image, 'up.stream/app:8', false],
    [{ type: 'exactRepository', dockerRepository: 'up.stream/app' }, image, 'up.stream/app:8', true],
    [remap('up.stream'), image, 'up.stream/app:1', true],
    [remap('up.stream'), image, image, false],
  ];
  for (const [signedIdentity, name, reference, accepted] of cases) {
    policy(signedBy({ signedIdentity }));
    put(signer.sign('good', simpleClaim(digest, reference)));
    const said = await verdict(name);
    assert.is(said === 'accepted', accepted, `${JSON.stringify(signedIdentity)} ${reference}: ${said}`);
  }
});

test('signatures are fetched from a web server, too', async () => {
  const good = signer.sign('good', simpleClaim(digest, image));
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url!.endsWith('/signature-1')) response.end(good);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  signaturesIn(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`);
  policy(signedBy());
  try {
    assert.is(await verdict(), 'accepted');
    const path = `/base/team/app@${digest.replace(':', '=')}/signature`;
    assert.ok(asked.includes(`${path}-1`), asked.join());
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('what comes from files is let in by scopes of paths, and dir: has signatures of its own', async () => {
  const copy = join(sandbox.work, 'signed');
  const exact = { type: 'exactReference', dockerReference: 'up.stream/app:1' };
  policy({ default: [{ type: 'insecureAcceptAnything' }] });
  const made = await command(['skopeo', 'copy', '--quiet', `docker://${image}`, `dir:${copy}`]);
  assert.is(made.code, 0, made.stderr);
  writeFileSync(join(copy, 'signature-1'), signer.sign('good', simpleClaim(digest, 'up.stream/app:1')));
  const rule = (scope: string, signedIdentity: object) => ({
    default: [{ type: 'reject' }],
    transports: {
      dir: { [scope]: [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: keys.good, signedIdentity }] },
    },
  });
  const said = async () => {
    const ran = await pod(['pull', '-q', `dir:${copy}`]);
    if (ran.code === 0) await podOk(['rmi', '-af']);
    return ran.code === 0 ? 'accepted' : ran.stderr.replace(/^.*policy\.json: |\n$/g, '');
  };
  policy(rule(sandbox.work, exact));
  assert.is(await said(), 'accepted');
  policy(rule('', exact));
  assert.is(await said(), 'accepted');
  policy(rule(`${copy}er`, exact));
  assert.is(await said(), 'images from there are rejected');
  policy(rule(copy, { type: 'matchRepository' }));
  assert.is(await said(), 'a signature is required, and none is good: it is for up.stream/app:1');
  rmSync(join(copy, 'signature-1'));
  policy(rule(copy, exact));
  assert.is(await said(), 'a signature is required, and there is none');
});

test("sigstoreSigned: cosign's signatures with a public key", async () => {
  const rule = (more: object = {}) => ({
    default: [{ type: 'sigstoreSigned', keyPath: pem, signedIdentity: { type: 'matchRepository' }, ...more }],
  });
  const key = cosign.privateKey;
  const reference = `${registry.host}/team/app`;
  const sign = (claim: Parameters<typeof pushCosign>[3]) =>
    pushCosign(registry.url, 'team/app', digest, claim);
  policy(rule());
  assert.is(await verdict(image, false), 'a signature is required, and there is none');
  await sign({ reference, key });
  assert.is(await verdict(image, false), 'accepted');
  policy(rule({ signedIdentity: undefined }));
  assert.is(await verdict(image, false), `a signature is required, and none is good: it is for ${reference}`);
  policy(rule());
  await sign({ reference, key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey });
  assert.match(await verdict(image, false), /none is good: it was made with another key, or is broken$/);
  await sign({ reference, key, digest: other });
  assert.match(await verdict(image, false), /none is good: it is for another digest$/);
  await sign({ reference: `${registry.host}/team/other`, key });
  assert.match(await verdict(image, false), /none is good: it is for .*team\/other$/);
});

test('sigstoreSigned by certificates is kept out with the reason', async () => {
  policy({ default: [{ type: 'sigstoreSigned', fulcio: { caPath: '/x' }, rekorPublicKeyPath: '/y' }] });
  assert.match(
    (await pod(['pull', image])).stderr,
    /it asks for fulcio, and only public keys can be checked\n/,
  );
});

test('image sign makes signatures that are found and good', async () => {
  policy(signedBy());
  const env = { ...environment, GNUPGHOME: signer.env.GNUPGHOME! };
  assert.is(await verdict(), 'a signature is required, and there is none');
  const path = join(lookaside, `team/app@${digest.replace(':', '=')}/signature-1`);
  const ran = await pod(['image', 'sign', '--sign-by', 'good@test', image], { env });
  assert.equal(ran, { code: 0, signal: null, stdout: `${path}\n`, stderr: '' });
  assert.is(await verdict(), 'accepted');
  const nobody = await pod(['image', 'sign', '--sign-by', 'nobody@test', image], { env });
  assert.is(nobody.code, 125);
  assert.match(nobody.stderr, /^Error: cannot sign as nobody@test: signing failed: No secret key\n$/);
});

test('push --sign-by signs what it has pushed', async () => {
  const env = { ...environment, GNUPGHOME: signer.env.GNUPGHOME! };
  await podOk(['pull', '-q', image]);
  const made = `${registry.host}/team/signed:1`;
  const nobody = await pod(['push', '-q', '--sign-by', 'nobody@test', image, made], { env });
  assert.match(nobody.stderr, /^Error: cannot sign as nobody@test: signing failed: No secret key\n$/);
  const ran = await pod(['push', '-q', '--sign-by', 'good@test', image, made], { env });
  assert.equal(ran, { code: 0, signal: null, stdout: `${made}\n`, stderr: '' });
  await podOk(['rmi', '-f', image]);
  policy(signedBy());
  assert.is(await verdict(made), 'accepted');
});

test('image trust changes the policy of the user, and shows it', async () => {
  const shown = async (...args: string[]) => (await podOk(['image', 'trust', 'show', ...args])).trim();
  const rows = async () => (await shown('-n')).split('\n').map((line) => line.trim().split(/ {2,}/));
  policy(
    '{"default": [{"type": "insecureAcceptAnything"}], "transports": {"oci": {"": [{"type": "reject"}]}}}',
  );
  await podOk(['image', 'trust', 'set', '-t', 'reject', 'default']);
  await podOk(['image', 'trust', 'set', '-f', keys.good, '-f', keys.other, registry.host]);
  await podOk(['image', 'trust', 'set', '-t', 'accept', `${registry.host}/team`]);
  const store = `file://${lookaside}`;
  assert.equal(await rows(), [
    ['all', 'default', 'reject'],
    ['oci', 'reject'],
    ['repository', registry.host, 'signed', `${keys.good},${keys.other}`, store],
    ['repository', `${registry.host}/team`, 'accept'],
  ]);
  assert.is(await verdict(), 'accepted');
  await podOk(['image', 'trust', 'set', '-t', 'reject', `${registry.host}/team`]);
  assert.is(await verdict(), 'images from there are rejected');
  assert.equal(JSON.parse(await shown('--raw')).transports.docker[registry.host].length, 2);
  assert.equal(JSON.parse(await shown('--json'))[0], {
    transport: 'all',
    name: '* (default)',
    repo_name: 'default',
    type: 'reject',
  });
  const cases: [string[], RegExp][] = [
    [['x.io'], /--type signedBy needs a key/],
    [['-f', '/none', 'x.io'], /cannot read the key \/none: there is no such file/],
    [['-t', 'maybe', 'x.io'], /accept, reject, signedBy or sigstoreSigned/],
    [['-t', 'accept', 'not a name'], /invalid/],
  ];
  for (const [args, message] of cases) {
    const ran = await pod(['image', 'trust', 'set', ...args]);
    assert.is(ran.code, 125);
    assert.match(ran.stderr, message);
  }
});

test('--signature-policy takes the place of the policy', async () => {
  policy({ default: [{ type: 'reject' }] });
  const file = join(sandbox.work, 'open.json');
  writeFileSync(file, '{"default":[{"type":"insecureAcceptAnything"}]}');
  assert.is((await pod(['pull', '-q', '--signature-policy', file, image])).code, 0);
  assert.match(
    (await pod(['pull', '--signature-policy', '/none', image])).stderr,
    /cannot read \/none: there is no such file/,
  );
});

test.run();
