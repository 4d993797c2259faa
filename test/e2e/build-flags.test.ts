/** Flags of `build` about the result: annotations, times, what is built anew, named contexts, and how roots are mounted. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { files } from './build-lab.ts';
import { folder } from './copy-lab.ts';
import { limitEachTest, pod, podOk, sandbox, test } from './harness/index.ts';

limitEachTest(90);

const build = (...args: string[]): Promise<string> => podOk(['build', '-q', ...args]);
const inspected = (image: string, format: string): Promise<string> =>
  podOk(['image', 'inspect', '--format', format, image]);
const empty = folder('Dockerfile: FROM scratch\n');

function out(): string {
  const directory = join(sandbox.work, `out-${Math.random()}`);
  mkdirSync(directory);
  return directory;
}

test('--annotation: another one or another format is another image under the name, though its id is the same', async () => {
  const noted = (...args: string[]) => build('--timestamp', '1', '-t', 'noted', ...args, empty);
  const first = await noted('--annotation', 'a=b', '--annotation', 'c=d=e');
  assert.is(await inspected('noted', '{{json .Annotations}}'), '{"a":"b","c":"d=e"}');
  assert.is(await noted('--annotation', 'manifest:a=2'), first);
  assert.is(await inspected('noted', '{{json .Annotations}}'), '{"a":"2"}');
  assert.is(await noted('--format', 'docker'), first);
  assert.match(await inspected('noted', '{{.ManifestType}}'), /docker/);
});

test('--annotation: a name that --output gives is of the image that was built, not of another one with its id', async () => {
  const stamped = (...args: string[]) => build('--timestamp', '2', ...args, empty);
  const plain = await stamped('-t', 'plain');
  assert.is(await stamped('--annotation', 'a=b', '--output', 'type=image,name=output'), plain);
  assert.is(await inspected('output', '{{json .Annotations}}'), '{"a":"b"}');
});

test('--annotation of the list and its descriptors; what would be noted nowhere is refused', async () => {
  const notes = ['index:l=1', 'manifest-descriptor[linux/arm64]:d=2', 'manifest[linux/amd64],index:m=3'];
  const both = ['--platform', 'linux/amd64,linux/arm64'];
  await build(...both, ...notes.slice(0, 2).flatMap((note) => ['--annotation', note]), '-t', 'listed', empty);
  const list = JSON.parse(await podOk(['manifest', 'inspect', 'listed']));
  assert.equal(list.annotations, { l: '1' });
  assert.equal(
    list.manifests.map(({ annotations }: { annotations?: object }) => annotations),
    [undefined, { d: '2' }],
  );
  const refusal = async (...args: string[]) => (await pod(['build', ...args, empty])).stderr.split('\n')[0];
  const cannot = (text: string, why: string) => `Error: cannot use --annotation ${text}: ${why}`;
  assert.is(
    await refusal('--annotation', 'index:a=b'),
    cannot('index:a=b', 'an image for one platform has no list'),
  );
  assert.is(
    await refusal('--annotation', 'manifest[linux/arm64]:a=b', ...both.slice(0, 1), 'linux/amd64'),
    cannot('manifest[linux/arm64]:a=b', 'nothing is built for linux/arm64'),
  );
  assert.is(
    await refusal('--annotation', 'a=b', '--format', 'docker'),
    cannot('a=b', "Docker's manifests have no annotations"),
  );
});

test('--metadata-file and --iidfile say what was stored', async () => {
  const directory = out();
  const [meta, iid] = [join(directory, 'meta'), join(directory, 'iid')];
  const id = await build('--metadata-file', meta, '--iidfile', iid, '-t', 'told', empty);
  assert.is(readFileSync(iid, 'utf8'), id);
  const told = JSON.parse(readFileSync(meta, 'utf8'));
  const digest = await inspected('told', '{{.Digest}}');
  assert.equal(told, {
    'containerimage.config.digest': id,
    'containerimage.digest': digest,
    'containerimage.descriptor': {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest,
      size: told['containerimage.descriptor'].size,
    },
    'image.name': 'localhost/told:latest',
  });
  assert.ok(told['containerimage.descriptor'].size > 100);
});

test('--timestamp and --source-date-epoch: the same files are the same image, whenever they are built', async () => {
  const made = folder('Dockerfile: FROM builtin:busybox\nRUN mkdir /d && touch /d/f\nCOPY x /x\n', 'x: x');
  for (const flag of ['--timestamp', '--source-date-epoch']) {
    const one = await build('--no-cache', flag, '1000', made);
    assert.is(await build('--no-cache', flag, '1000', made), one);
    assert.match(await inspected(one, '{{.Created}}'), /^1970-01-01T00:16:40(\.000)?Z$/);
    const times = await podOk([
      'run',
      '--rm',
      '--network',
      'none',
      one,
      'stat',
      '-c',
      '%Y',
      '/d',
      '/d/f',
      '/x',
    ]);
    assert.is(times, '1000\n1000\n1000');
  }
});

test('SOURCE_DATE_EPOCH of the environment is what --source-date-epoch is, unless something else is said', async () => {
  const made = folder(
    'Dockerfile: FROM scratch\nARG SOURCE_DATE_EPOCH=none\nLABEL epoch=$SOURCE_DATE_EPOCH\n',
  );
  const told = async (value: string, ...args: string[]) => {
    const env = { SOURCE_DATE_EPOCH: value };
    const { code, stdout, stderr } = await pod(['build', '-q', '--no-cache', ...args, made], { env });
    if (code !== 0) return stderr;
    return inspected(stdout.trim(), '{{.Created}} {{.Config.Labels.epoch}}');
  };
  const at = (seconds: number) => `${new Date(seconds * 1000).toISOString()} ${seconds}`;
  assert.is(await told('1000'), at(1000));
  assert.is(await told('1000', '--build-arg', 'SOURCE_DATE_EPOCH=2000'), at(2000));
  assert.is(await told('1000', '--build-arg', 'SOURCE_DATE_EPOCH'), at(1000));
  assert.is(await told('1000', '--source-date-epoch', '3000'), at(3000));
  assert.is(await told('1000', '--timestamp', '4000'), `${new Date(4e6).toISOString()} none`);
  assert.match(await told(''), / none$/);
  assert.is(
    await told('yesterday'),
    'Error: cannot use SOURCE_DATE_EPOCH=yesterday: it takes whole seconds since 1970\n',
  );
});

test('--arch, --os and --variant say a platform, too', async () => {
  const made = folder('Dockerfile: FROM scratch\nARG TARGETPLATFORM\nLABEL for=$TARGETPLATFORM\n');
  const platform = async (...args: string[]) =>
    inspected(await build(...args, made), '{{.Config.Labels.for}} {{.Architecture}}');
  assert.is(await platform('--arch', 'aarch64'), 'linux/arm64 arm64');
  assert.is(await platform('--os', 'linux', '--arch', 'arm', '--variant', 'v6'), 'linux/arm/v6 arm');
  const both = await pod(['build', '--arch', 'arm64', '--platform', 'linux/amd64', empty]);
  assert.is(both.stderr.split('\n')[0], 'Error: --platform goes with none of --os, --arch and --variant');
});

test('--no-cache-filter builds the named stages anew, and no other', async () => {
  const uuid = 'RUN cat /proc/sys/kernel/random/uuid';
  const made = folder(
    `Dockerfile: FROM builtin:busybox AS one\n${uuid} >/one\nFROM builtin:busybox AS two\n${uuid} >/two\nFROM scratch\nCOPY --from=one /one /\nCOPY --from=two /two /\n`,
  );
  const built = async (...args: string[]) => {
    const to = out();
    await build('-o', to, ...args, made);
    return ['one', 'two'].map((name) => readFileSync(join(to, name), 'utf8'));
  };
  const first = await built();
  const second = await built('--no-cache-filter', 'ONE');
  assert.is.not(second[0], first[0]);
  assert.is(second[1], first[1]);
  const third = await built('--no-cache-filter', 'one,two');
  assert.ok(third.every((text, at) => text !== second[at]));
});

test('a layout is a context by its tag or its digest, and a folder is what FROM begins with', async () => {
  const layout = join(out(), 'layout');
  const base = folder('Dockerfile: FROM scratch\nCOPY x /x\n', 'x: x');
  await build('-t', 'laid:1', '-o', `type=oci,tar=false,dest=${layout}`, base);
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const made = folder('Dockerfile: FROM base\nCOPY --from=base /x /y\n');
  for (const end of ['', ':localhost/laid:1', `@${manifests[0].digest}`])
    assert.equal(
      (await files(['--build-context', `base=oci-layout://${layout}${end}`, made])).map((line) =>
        line.at(-1),
      ),
      ['x', 'y'],
    );
  const fromFolder = await build('--build-context', `base=${base}`, made);
  const history = await podOk(['history', '--format', '{{.CreatedBy}}', fromFolder]);
  assert.is(history, 'COPY /x /y # buildkit\nCOPY / / # buildkit');
});

test('a build gives the same files whatever its roots are mounted with', async () => {
  const made = folder(
    'Dockerfile: FROM builtin:busybox\nRUN mkdir /a && echo 1 >/a/f && rm /bin/ls\nCOPY d /a\nWORKDIR /a/w\nRUN rm -r /a && mkdir /a && echo 2 >/a/g\nCOPY --link d /z\n',
    'd/a: a',
    'd/b = d/a',
    'd/l -> ../../etc/passwd',
  );
  const usual = await files([made]);
  for (const driver of ['fuse-overlayfs', 'copy'])
    assert.equal(await files(['--no-cache', '--storage-driver', driver, made]), usual);
  assert.ok(usual.some((line) => line.endsWith('z/b link to z/a')));
});

const setAttribute = (path: string, name: string, value: string) =>
  execFileSync('python3', [
    ...['-c', 'import os, sys; os.setxattr(sys.argv[1], sys.argv[2], sys.argv[3].encode())'],
    ...[path, name, value],
  ]);

async function attributesIn(context: string, input?: Buffer) {
  const tar = join(out(), 'x.tar');
  const words = ['build', '--progress', 'plain', '-o', `type=tar,dest=${tar}`, context];
  const { stderr } = await pod(words, input && { input });
  const list = execFileSync('tar', ['--xattrs', '-tvvf', tar], { encoding: 'utf8' });
  const attributes = [...list.matchAll(/^ +x: (.*)$/gm)].map(([, about]) => about);
  return { attributes, cached: /^#\d+ CACHED$/m.test(stderr) };
}

test('files and directories of the context keep their attributes, and another attribute is another file', async () => {
  const made = folder('Dockerfile: FROM scratch\nCOPY d /d\n', 'd/f: f', 'd/plain: p', 'd/sub/f: f');
  const give = (name: string, value: string, path = 'd/f') => setAttribute(join(made, path), name, value);
  const built = () => attributesIn(made);
  assert.equal(await built(), { attributes: [], cached: false });
  give('user.note', 'one');
  give('user.overlay.opaque', 'y');
  assert.equal(await built(), { attributes: ['3 user.note'], cached: false });
  assert.equal(await built(), { attributes: ['3 user.note'], cached: true });
  give('user.note', 'other');
  assert.equal(await built(), { attributes: ['5 user.note'], cached: false });
  give('user.where', 'here', 'd/sub');
  give('user.overlay.opaque', 'y', 'd/sub');
  const both = ['5 user.note', '4 user.where'];
  assert.equal(await built(), { attributes: both, cached: false });
  assert.equal(await built(), { attributes: both, cached: true });
  give('user.where', 'elsewhere', 'd/sub');
  assert.equal(await built(), { attributes: ['5 user.note', '9 user.where'], cached: false });
});

test('so it is where they come from a stage, or from an archive', async () => {
  const dockerfile = 'Dockerfile: FROM scratch AS one\nCOPY d /d\nFROM scratch\nCOPY --from=one /d /e\n';
  for (const packed of [false, true]) {
    const made = folder(dockerfile, 'd/f: f', 'd/sub/f: f');
    const archive = () => execFileSync('tar', ['--xattrs', '-C', made, '-c', '.']);
    const built = () => (packed ? attributesIn('-', archive()) : attributesIn(made));
    for (const path of ['d/f', 'd/sub']) setAttribute(join(made, path), 'user.note', '1');
    assert.equal(await built(), { attributes: ['1 user.note', '1 user.note'], cached: false });
    setAttribute(join(made, 'd/f'), 'user.note', 'two');
    assert.equal(await built(), { attributes: ['3 user.note', '1 user.note'], cached: false });
    setAttribute(join(made, 'd/sub'), 'user.note', 'three');
    assert.equal(await built(), { attributes: ['3 user.note', '5 user.note'], cached: false });
    assert.equal(await built(), { attributes: ['3 user.note', '5 user.note'], cached: true });
  }
});

test('a named pipe goes from context to stage to image to folder', async () => {
  const made = folder(
    'Dockerfile: FROM scratch AS one\nCOPY d /d\nFROM scratch\nCOPY --from=one /d /e\n',
    'd/a: a',
  );
  execFileSync('mkfifo', ['-m', '640', join(made, 'd/pipe')]);
  assert.equal(await files([made]), ['drwxr-xr-x 0/0 e/', '-rw-r--r-- 0/0 e/a', 'prw-r----- 0/0 e/pipe']);
  const to = out();
  await build('-o', to, made);
  assert.ok(statSync(join(to, 'e/pipe')).isFIFO());
});

test.run();
