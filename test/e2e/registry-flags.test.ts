/** What pull, run and create are told about registries and platforms: each flag means the same to all of them. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { pod, podOk, sandbox, test } from './harness/index.ts';
import { configure } from './harness/registries-conf.ts';
import { startFaultProxy } from './registry/fault-proxy.ts';
import { pushLayout, tarOf, writeLayout } from './registry/make-image.ts';
import { startRegistry } from './registry/start-registry.ts';

const dir = (name: string): string => {
  const path = join(sandbox.work, name);
  mkdirSync(path, { recursive: true });
  return path;
};

const registry = await startRegistry({ dir: dir('registry'), tls: true, auth: 'htpasswd' });
const name = `${registry.host}/team/app:1`;
const layers = [{ tar: tarOf(dir('tree')), compression: 'gzip' as const }];
const config = { Cmd: ['/sh'] };
writeLayout(dir('list'), [
  { layers, config, architecture: 'amd64' },
  { layers, config, architecture: 'arm64', variant: 'v8' },
]);
await pushLayout(registry, join(sandbox.work, 'list'), { name: 'team/app:1', all: true });
const certDir = dir('certificates');
cpSync(registry.ca!, join(certDir, 'ca.crt'));
const authfile = join(sandbox.work, 'auth.json');
const typed = `${registry.user}:${registry.password}`;
const auth = Buffer.from(typed).toString('base64');
writeFileSync(authfile, JSON.stringify({ auths: { [registry.host]: { auth } } }));

test.before.each(async () => {
  await podOk(['rmi', '-af']);
});
test.after(() => registry.stop());

const architecture = async (): Promise<string> =>
  (await podOk(['image', 'inspect', '-f', '{{.Os}}/{{.Architecture}}', name])).trim();

for (const verb of [['pull'], ['create']]) {
  test(`${verb}: --authfile, --cert-dir, --tls-verify and --signature-policy`, async () => {
    const unknown = await pod([...verb, '--authfile', authfile, name]);
    assert.is(unknown.code, 125);
    assert.match(unknown.stderr, 'certificate');
    const anonymous = await pod([...verb, '--cert-dir', certDir, name]);
    assert.is(anonymous.code, 125);
    assert.match(anonymous.stderr, '401');
    const reject = join(sandbox.work, 'reject.json');
    writeFileSync(reject, '{"default":[{"type":"reject"}]}');
    const flags = ['--authfile', authfile, '--tls-verify=false'];
    const rejected = await pod([...verb, ...flags, '--signature-policy', reject, name]);
    assert.is(rejected.code, 125);
    assert.match(rejected.stderr, 'images from there are rejected');
    assert.is((await pod([...verb, ...flags, name])).code, 0);
    await podOk(['rmi', '-af']);
    assert.is((await pod([...verb, '--authfile', authfile, '--cert-dir', certDir, name])).code, 0);
  });

  test(`${verb}: --arch, --os and --variant choose as --platform does`, async () => {
    const flags = [...verb, '-q', '--authfile', authfile, '--cert-dir', certDir];
    assert.is((await pod([...flags, '--arch', 'arm64', '--variant', 'v8', name])).code, 0);
    assert.is(await architecture(), 'linux/arm64');
    await podOk(['rmi', '-af']);
    const windows = await pod([...flags, '--os', 'windows', name]);
    assert.is(windows.code, 125);
    assert.match(windows.stderr, 'windows/amd64');
    assert.equal(await pod([...flags, '--platform', 'linux/arm64', '--arch', 'arm64', name]), {
      ...{ code: 125, signal: null, stdout: '' },
      stderr: 'Error: --platform goes with none of --os, --arch and --variant\n',
    });
  });
}

test('pull --creds is for the registry, and never for a mirror at another host', async () => {
  const mirror = await startFaultProxy(registry.url, registry.server);
  configure(
    `[[registry]]\nlocation = "${registry.host}"\n[[registry.mirror]]\nlocation = "${mirror.host}"\n`,
  );
  try {
    const pull = ['pull', '-q', '--cert-dir', certDir, name];
    const wrong = await pod([...pull, '--creds', `${registry.user}:geheim`]);
    assert.is(wrong.code, 125);
    assert.not.match(wrong.stderr, 'geheim');
    assert.match(await podOk([...pull, '--creds', typed]), /^[a-f0-9]{64}$/);
    assert.not.equal(mirror.requests, []);
    for (const { authorization } of mirror.headers) assert.is(authorization, undefined);
  } finally {
    configure('');
    await mirror.stop();
  }
});

test.run();
