/** `build --output` and `--progress`, with the built binary. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { folder } from './copy-lab.ts';
import { pod, sandbox, test } from './harness/index.ts';

const context = folder(
  'Dockerfile: FROM builtin:busybox AS made\nRUN mkdir /o && echo x > /o/f && chown 5:6 /o/f && chmod 4755 /o/f && ln -s ../etc /o/l\nFROM scratch\nCOPY --from=made /o /o\n',
);
const quiet = { code: 0, signal: null, stderr: '' };
let outs = 0;

function out(): string {
  const directory = join(sandbox.work, `out-${++outs}`);
  mkdirSync(directory);
  return directory;
}

async function build(...args: string[]) {
  return pod(['build', '--progress', 'quiet', ...args, context]);
}

test('-o DIR gives the files as the user’s own, and leaves what is there', async () => {
  const cwd = out();
  mkdirSync(join(cwd, 'there/o'), { recursive: true });
  writeFileSync(join(cwd, 'there/stays'), '');
  const { code, stderr } = await pod(['build', '--progress', 'quiet', '-o', 'there', context], { cwd });
  assert.equal([code, stderr], [0, '']);
  assert.equal(readdirSync(join(cwd, 'there'), { recursive: true }).sort(), ['o', 'o/f', 'o/l', 'stays']);
  const { uid, mode } = statSync(join(cwd, 'there/o/f'));
  assert.equal([uid, (mode & 0o7777).toString(8)], [process.geteuid!(), '755']);
});

test('-o DIR does not write through links that are there', async () => {
  const cwd = out();
  execFileSync('ln', ['-s', '/', join(cwd, 'o')]);
  const { code, stderr } = await build('-o', cwd);
  assert.is(code, 125);
  assert.match(stderr, /Not a directory|outside|leads out/);
  assert.is(existsSync('/f'), false);
});

test('tar: to standard output and to a file, with owners', async () => {
  const file = join(out(), 'x.tar');
  const { stdout } = await pod(['build', '--progress', 'quiet', '-o', '-', context], {
    binary: true,
  } as object);
  assert.equal(await build('-o', `type=tar,dest=${file}`), { ...quiet, stdout: '' });
  const list = execFileSync('tar', ['tvf', file, '--numeric-owner'], { encoding: 'utf8' });
  assert.equal(
    list
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ +\d+ \d{4}-\S+ \S+/, '')),
    ['drwxr-xr-x 0/0 o/', '-rwsr-xr-x 5/6 o/f', 'lrwxrwxrwx 0/0 o/l -> ../etc'],
  );
  assert.ok(stdout.startsWith('o/'));
});

test('where standard output is the archive, nothing else is written to it', async () => {
  for (const to of ['-', 'type=tar', 'dest=-,type=tar', 'type=oci'])
    assert.not.match((await build('-q', '-o', to)).stdout, /sha256:[0-9a-f]{64}\n$/);
});

test('archives and layouts of the image, several at once, under its names', async () => {
  const cwd = out();
  const args = [
    '-o',
    'type=oci,dest=a.tar',
    '-o',
    'type=docker,dest=b.tar,name=other:2',
    '-o',
    'type=oci,dest=c,tar=false',
  ];
  const built = await pod(['build', '-q', '-t', 'made:1', ...args, context], { cwd });
  assert.equal([built.code, built.stderr], [0, '']);
  const id = built.stdout.trim();
  assert.match(id, /^sha256:[a-f0-9]{64}$/);
  const manifest = JSON.parse(
    execFileSync('tar', ['xOf', join(cwd, 'b.tar'), 'manifest.json'], { encoding: 'utf8' }),
  );
  assert.equal(manifest[0].RepoTags, ['localhost/made:1', 'localhost/other:2']);
  assert.ok(existsSync(join(cwd, 'c/oci-layout')));
  const index = JSON.parse(readFileSync(join(cwd, 'c/index.json'), 'utf8'));
  assert.is(index.manifests.length, 1);
  assert.is((await pod(['rmi', '-f', id])).code, 0);
  assert.is((await pod(['load', '-q', '-i', join(cwd, 'a.tar')])).code, 0);
  assert.is(
    (await pod(['inspect', '--format', '{{.Id}}', 'made:1'])).stdout.trim().replace('sha256:', ''),
    id.slice(7),
  );
});

test('outputs that cannot be are refused before anything is built', async () => {
  const refusal = async (text: string) => {
    const { code, stderr } = await build('-o', text);
    return `${code} ${stderr.split('\n')[0]}`;
  };
  assert.is(await refusal('type=zip'), '125 Error: cannot use --output "type=zip": there is no type zip');
  assert.is(
    await refusal('type=tar,dest=/nowhere/x.tar'),
    '125 Error: cannot write /nowhere/x.tar: there is no such directory',
  );
});

test('--progress plain names steps, times their output, and says which are cached', async () => {
  const made = folder(
    'Dockerfile: FROM builtin:busybox\nRUN printf "one\\ntwo\\033[2J\\rthree"; echo err >&2\n',
  );
  const first = await pod(['build', '--progress', 'plain', made]);
  assert.is(first.code, 0);
  const lines = first.stderr
    .replace(/\d+\.\d{3}/g, 'T')
    .replace(/DONE \d+\.\ds/g, 'DONE')
    .split('\n');
  for (const line of ['#3 T one', '#3 T three', '#3 T err', '#3 DONE'])
    assert.ok(lines.includes(line), `${line} in ${first.stderr}`);
  assert.is(first.stderr.includes('\x1b'), false);
  const again = await pod(['build', '--progress', 'plain', made]);
  assert.match(again.stderr, /\n#\d+ \[\S* ?2\/2\] RUN printf .*\n#\d+ CACHED\n/);
});

test('--progress rawjson is a value a line; a terminal gets the live view', async () => {
  const { stderr } = await pod(['build', '--progress', 'rawjson', context]);
  const events = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(events.some(({ kind }) => kind === 'cached'));
  const { code, stdout } = await pod(['build', context], { tty: { rows: 24, cols: 60 } });
  assert.is(code, 0);
  assert.match(stdout, /\[\+\] Building \d+\.\ds \(\d+\/\d+\)/);
  assert.match(stdout, / => CACHED \[/);
});

test.run();
