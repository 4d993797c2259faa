import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parsePolicy, pathScopes, registryScopes, requirementsFor } from '../../../../core/config/policy.ts';
import { type IdentityRule, identityMatches } from '../../../../core/config/policy-identity.ts';
import { PodError } from '../../../../core/error.ts';
import { parseImageReference } from '../../../../core/reference.ts';

const accept = { type: 'insecureAcceptAnything' };
const reject = { type: 'reject' };
const read = (content: unknown) => parsePolicy('/p.json', JSON.stringify(content));

function refusal(content: unknown): string {
  try {
    read(content);
  } catch (error) {
    if (error instanceof PodError) return `${error.code}: ${error.message}: ${error.why}`;
    throw error;
  }
  throw new Error('it was read');
}

test('an image of a registry is in its own scope, its parents, its host and the domains above', () => {
  assert.equal(registryScopes('a.b.io:5000/x/y:1', 'a.b.io:5000/x/y'), [
    'a.b.io:5000/x/y:1',
    'a.b.io:5000/x/y',
    'a.b.io:5000/x',
    'a.b.io:5000',
    '*.b.io',
    '*.io',
  ]);
  assert.equal(registryScopes('localhost/x@sha256:1', 'localhost/x'), [
    'localhost/x@sha256:1',
    'localhost/x',
    'localhost',
  ]);
});

test('an image of a directory is in its own scope, the directory and those above but for /', () => {
  assert.equal(pathScopes('/a/b', 'v1'), ['/a/b:v1', '/a/b', '/a']);
  assert.equal(pathScopes('/a', undefined), ['/a']);
});

test('the most special scope counts, then "" of the transport, then the default', () => {
  const policy = read({
    default: [reject],
    transports: { docker: { 'q.io': [reject, accept], 'q.io/x': [accept], '': [accept, accept] }, dir: {} },
  });
  const found = (transport: string, scopes: string[]) => {
    const { requirements, where } = requirementsFor(policy, transport, scopes);
    return [requirements.length, where];
  };
  assert.equal(found('docker', ['q.io/x/y:1', 'q.io/x/y', 'q.io/x', 'q.io']), [1, 'docker:q.io/x']);
  assert.equal(found('docker', ['q.io/z:1', 'q.io/z', 'q.io']), [2, 'docker:q.io']);
  assert.equal(found('docker', ['other.io/z']), [2, 'docker:']);
  assert.equal(found('dir', ['/x']), [1, 'default']);
  assert.equal(found('oci', []), [1, 'default']);
});

test('what a policy may not say is told with its place', () => {
  const signed = { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k' };
  const cases: [unknown, string][] = [
    [[], 'it is not a JSON object'],
    [{ default: [reject], other: 1 }, '"other" is not known'],
    [{ default: reject }, 'default: it is not a list'],
    [{ default: [1] }, 'default[0]: it is not a JSON object'],
    [{ default: [{}] }, 'default[0].type: it is missing'],
    [{ default: [reject, { ...signed, keyType: 'X509' }] }, 'default[1].keyType: it is not GPGKeys'],
    [{ default: [{ ...signed, keyPath: 'k' }] }, 'default[0].keyPath: the path is not absolute'],
    [
      { default: [{ ...signed, keyData: 'aaaa' }] },
      'default[0]: it takes exactly one of keyPath, keyPaths and keyData',
    ],
    [{ default: [{ ...signed, keyPath: undefined, keyData: '!' }] }, 'default[0].keyData: it is not base64'],
    [
      { default: [{ ...signed, keyPath: undefined, keyPaths: [] }] },
      'default[0].keyPaths: it is not a list of one or more',
    ],
    [
      { default: [{ ...signed, signedIdentity: { type: 'x' } }] },
      'default[0].signedIdentity.type: "x" is not known',
    ],
    [
      { default: [{ ...signed, signedIdentity: { type: 'matchExact', more: 1 } }] },
      'default[0].signedIdentity: "more" is not known',
    ],
    [
      { default: [{ ...signed, signedIdentity: { type: 'exactReference', dockerReference: 'a.io/b' } }] },
      'default[0].signedIdentity.dockerReference: it is no name with a tag or a digest',
    ],
    [
      {
        default: [
          { ...signed, signedIdentity: { type: 'remapIdentity', prefix: 'a.io/b:1', signedPrefix: 'c' } },
        ],
      },
      'default[0].signedIdentity.prefix: it is no host, and no name in one',
    ],
    [
      { default: [reject], transports: { dir: { 'a/b': [reject] } } },
      'transports.dir."a/b": the path is not absolute, or not the shortest way to write it',
    ],
    [
      { default: [reject], transports: { oci: { '/': [reject] } } },
      'transports.oci."/": this scope is written as ""',
    ],
    [{ default: [reject], transports: { docker: { a: [] } } }, 'transports.docker."a": the list is empty'],
  ];
  for (const [content, why] of cases) assert.is(refusal(content), `invalid: cannot use /p.json: ${why}`);
});

test('an image without a name meets only the rules that name one', () => {
  const meets = (rule: IdentityRule) => identityMatches(rule, undefined, 'q.io/x:1');
  for (const type of ['matchExact', 'matchRepoDigestOrExact', 'matchRepository'] as const)
    assert.not(meets({ type }));
  assert.not(meets({ type: 'remapIdentity', prefix: 'a.io', signedPrefix: 'q.io' }));
  assert.ok(meets({ type: 'exactReference', reference: parseImageReference('q.io/x:1') }));
  assert.ok(meets({ type: 'exactRepository', repository: 'q.io/x' }));
});

test('signedIdentity says what a signature may call the image', () => {
  const at = `sha256:${'1'.repeat(64)}`;
  const image = 'r.io/team/app:1';
  const remap = (prefix: string, signedPrefix: string) => ({ type: 'remapIdentity', prefix, signedPrefix });
  const cases: [object | undefined, string, string, boolean][] = [
    [undefined, image, image, true],
    [undefined, image, 'r.io/team/app:2', false],
    [undefined, `r.io/team/app@${at}`, image, true],
    [undefined, `r.io/team/app@${at}`, 'r.io/team/other:1', false],
    [undefined, image, `r.io/team/app:1@${at}`, false],
    [{ type: 'matchExact' }, image, image, true],
    [{ type: 'matchExact' }, `r.io/team/app@${at}`, image, false],
    [{ type: 'matchRepoDigestOrExact' }, `r.io/team/app@${at}`, image, true],
    [{ type: 'matchRepository' }, image, 'r.io/team/app:other', true],
    [{ type: 'matchRepository' }, image, 'r.io/team/apps:1', false],
    [{ type: 'exactReference', dockerReference: 'up.io/app:9' }, image, 'up.io/app:9', true],
    [{ type: 'exactReference', dockerReference: 'up.io/app:9' }, image, 'up.io/app:8', false],
    [{ type: 'exactRepository', dockerRepository: 'up.io/app' }, image, 'up.io/app:8', true],
    [{ type: 'exactRepository', dockerRepository: 'up.io/app' }, image, 'up.io/other:8', false],
    [remap('r.io/team', 'up.io'), image, 'up.io/app:1', true],
    [remap('r.io/team', 'up.io'), image, image, false],
    [remap('r.io/tea', 'up.io'), image, image, true],
    [remap('r.io', 'docker.io/x'), image, 'x/team/app:1', true],
    [remap('r.io/team/app', 'up.io/other'), image, 'up.io/other:1', true],
  ];
  for (const [signedIdentity, name, signed, expected] of cases) {
    const rule = {
      type: 'signedBy',
      keyType: 'GPGKeys',
      keyPath: '/k',
      ...(signedIdentity && { signedIdentity }),
    };
    const [requirement] = read({ default: [rule] }).default;
    assert.ok(requirement !== undefined && 'identity' in requirement);
    const matches = identityMatches(requirement.identity, parseImageReference(name), signed);
    assert.is(matches, expected, `${JSON.stringify(signedIdentity)} ${name} ${signed}`);
  }
});

test('what a signature calls an image is read as names are, and a name alone is no exact one', () => {
  const image = parseImageReference('busybox');
  const meets = (signed: string, type: 'matchExact' | 'matchRepository' = 'matchExact') =>
    identityMatches({ type }, image, signed);
  assert.ok(meets('busybox:latest'));
  assert.ok(meets('docker.io/library/busybox:latest'));
  assert.not(meets('docker.io/library/busybox'));
  assert.ok(meets('docker.io/library/busybox', 'matchRepository'));
  assert.not(meets('not a name'));
  assert.not(meets(''));
});

test.run();
