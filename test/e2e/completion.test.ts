/** What `completion` prints, in a shell at a terminal: bash is on every machine. */
import { existsSync, readdirSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as assert from 'uvu/assert';
import { binary, environment, pod, podOk, sandbox, type Terminal, terminal, test } from './harness/index.ts';

/** What the binary says to the words of a command line, without lines of help. */
async function complete(...words: string[]): Promise<string[]> {
  const lines = (await podOk(['__complete', ...words])).trimEnd().split('\n');
  return lines.map((line) => line.split('\t')[0]!);
}

test.before(async () => {
  symlinkSync(binary, join(sandbox.home, 'tsc-pod'));
  await podOk(['create', '--name', 'web-made', 'builtin:busybox']);
  await podOk([
    'run',
    '-d',
    '--name',
    'web-running',
    '--network',
    'none',
    'builtin:busybox',
    'sleep',
    '1000',
  ]);
  await podOk(['tag', 'builtin:busybox', 'example.com:5000/shop:v1']);
  await podOk(['volume', 'create', 'pages']);
});

/** Launchers in the directories that are made and removed while the program is built. */
const launchersOfBuilds = (): string[] =>
  readdirSync(tmpdir()).filter(
    (name) => name.startsWith('tsc-pod-warm-up-') && existsSync(join(tmpdir(), name, 'data/libexec')),
  );
const before = launchersOfBuilds();

test('containers are named to the commands that can do something with them', async () => {
  assert.equal(await complete('rm', 'web'), ['web-running', 'web-made', ':4']);
  assert.equal(await complete('container', 'start', ''), ['web-made', ':4']);
  assert.equal(await complete('exec', '-it', 'w'), ['web-running', ':4']);
  assert.equal(await complete('rm', '-f', 'web-made', 'web'), ['web-running', ':4']);
  assert.equal(await complete('exec', 'web-running', ''), [':4']);
});

test('images, volumes and networks are named where they may stand', async () => {
  assert.equal(await complete('run', '--rm', 'ex'), ['example.com:5000/shop:v1', ':4']);
  assert.equal(await complete('volume', 'rm', ''), ['pages', ':4']);
  assert.equal(await complete('run', '-v', 'pa'), ['pages:', ':2']);
  assert.equal(await complete('run', '--network', ''), ['bridge', 'host', 'none', ':4']);
  assert.equal(await complete('run', '--network=b'), ['--network=bridge', ':4']);
  assert.equal(await complete('cp', 'web-m'), ['web-made:', ':2']);
  assert.equal(await complete('inspect', 'pa'), ['pages', ':4']);
});

test('another store is asked with --root', async () => {
  assert.equal(await complete('--root', join(sandbox.work, 'other'), 'volume', 'rm', ''), [':4']);
});

test('nothing is said of what cannot be read, and nothing fails', async () => {
  for (const words of [[], ['nonsense', ''], ['run', '--nonsense', ''], ['rm', '--', '-']])
    assert.equal(await pod(['__complete', ...words]), {
      code: 0,
      signal: null,
      stdout: words.length === 0 ? (await pod(['__complete', ''])).stdout : ':4\n',
      stderr: '',
    });
});

/** A shell with the completions, at its prompt. */
async function bash(): Promise<Terminal> {
  const shell = terminal(['bash', '--norc', '--noprofile'], {
    cols: 200,
    env: {
      ...environment,
      PATH: `${sandbox.home}${delimiter}${environment.PATH}`,
      PS1: 'ready> ',
      INPUTRC: '/dev/null',
    },
  });
  await shell.until('ready> ');
  shell.send(
    '. <(tsc-pod completion bash); echo kept > "a file"; alias d=tsc-pod; complete -o default -F _tsc_pod d\r',
  );
  await shell.until('d\r\n');
  await shell.until('ready> ');
  return shell;
}

test('bash completes commands, flags, their values and names, as they are typed', async () => {
  const shell = await bash();
  /** What Tab makes of the line; a `#` is typed behind it, to see where it ends. */
  const tab = async (line: string) => {
    shell.send(`\x15${line}\t`);
    shell.send('#');
    const [, shown] = await shell.until(/((?:tsc-pod|d) [^\r\n]*)#/);
    return shown!.replaceAll('\x07', '');
  };
  assert.is(await tab('tsc-pod vol'), 'tsc-pod volume ');
  assert.is(await tab('tsc-pod run --storage-driver fu'), 'tsc-pod run --storage-driver fuse-overlayfs ');
  assert.is(await tab('tsc-pod run --storage-driver=fu'), 'tsc-pod run --storage-driver=fuse-overlayfs ');
  assert.is(await tab('tsc-pod logs --fol'), 'tsc-pod logs --follow ');
  assert.is(await tab('tsc-pod start w'), 'tsc-pod start web-made ');
  assert.is(await tab('tsc-pod run --rm exam'), 'tsc-pod run --rm example.com:5000/shop:v1 ');
  assert.is(await tab('tsc-pod run --rm example.com:5'), 'tsc-pod run --rm example.com:5000/shop:v1 ');
  assert.is(
    await tab('tsc-pod run --rm example.com:5000/shop:'),
    'tsc-pod run --rm example.com:5000/shop:v1 ',
  );
  assert.is(await tab('tsc-pod run -v pag'), 'tsc-pod run -v pages:');
  assert.is(await tab('tsc-pod run --env-file a\\ f'), 'tsc-pod run --env-file a\\ file ');
  assert.is(await tab('tsc-pod stop nothing-of-this'), 'tsc-pod stop nothing-of-this');
  assert.is(await tab('d volume inspect p'), 'd volume inspect pages ');
  shell.send('\x15exit\r');
  assert.equal(await shell.end(), { code: 0, signal: null });
});

test('what is printed for other shells is theirs, and an unknown shell is named', async () => {
  assert.match(await podOk(['completion', 'zsh']), /^#compdef tsc-pod\n/);
  assert.match(await podOk(['completion', 'fish']), /\ncomplete -c tsc-pod /);
  assert.equal(await pod(['completion', 'csh']), {
    code: 125,
    signal: null,
    stdout: '',
    stderr: 'Error: invalid value "csh": it takes bash, fish or zsh\n',
  });
});

test('the launcher that it needs lies in the store, and not where the program was built', () => {
  assert.equal(launchersOfBuilds(), before);
});

test.run();
