/** Builds dist/tsc-pod: the launcher in C, the built-in image, one JavaScript file, packed with Node into one binary. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { build as bundle, type Plugin, transform } from 'esbuild';
import { compileDefaults } from '../rootless/seccomp/compiled-defaults.ts';
import { machine } from '../rootless/seccomp/program.ts';
import { keepCompiledCode } from './compiled-code.ts';
import { lazyBuiltins } from './lazy-builtins.ts';
import { lazyModules } from './lazy-modules.ts';
import { splitModules } from './module-table.ts';

const require = createRequire(import.meta.url);
const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');

const LIBC = ['-static', '-idirafter', '/usr/include', '-idirafter', `/usr/include/${multiarch()}`];
const WARNINGS = ['-Wall', '-Wextra', '-Werror'];
const HARDENING = [
  '-fstack-protector-strong',
  '-D_FORTIFY_SOURCE=2',
  '-Wl,-z,relro,-z,now',
  '-Wl,-z,noexecstack',
];

function multiarch(): string {
  return execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim();
}

function say(text: string): void {
  process.stdout.write(`build: ${text}\n`);
}

function buildLauncher(): string {
  const source = join(root, 'rootless/native');
  const files = readdirSync(source).filter((name) => name.endsWith('.c'));
  const output = join(dist, 'launcher');
  execFileSync(
    'musl-gcc',
    [
      '-std=c17',
      '-Os',
      '-s',
      ...WARNINGS,
      ...HARDENING,
      ...LIBC,
      '-ffunction-sections',
      '-fno-asynchronous-unwind-tables',
      '-Wl,--gc-sections',
      '-o',
      output,
      ...files,
    ],
    { cwd: source, stdio: 'inherit' },
  );
  return output;
}

/**
 * What costs at each start and helps nothing that is over soon: a new seed for V8's hash tables (4 ms;
 * core/images/format/json.ts tells what that means for hostile input), its baseline compiler (1 ms), and three threads of
 * four for its background work (1 ms where they are ended). V8 counts what is read from the network as part of its heap, and
 * would collect garbage every few megabytes; and what is new after each megabyte, twice in a build (5 ms).
 */
const OPTIONS = [
  '--no-rehash-snapshot',
  '--no-sparkplug',
  '--v8-pool-size=1',
  '--initial-old-space-size=256',
  '--min-semi-space-size=16',
];

/** Without clipanion's own parser: a fourteenth of the program's text, for one symbol. */
const withoutParser: Plugin = {
  name: 'without-parser',
  setup: (build) =>
    build.onResolve({ filter: /(?:^|\/)core\.js$/ }, ({ path, importer }) =>
      /clipanion/.test(path + importer) ? { path: join(root, 'scripts/clipanion-core.cjs') } : undefined,
    ),
};

/** The program's file, and those of the assets that it takes modules from. */
async function bundleProgram(
  launcherHash: string,
  version: string,
): Promise<{ program: string; assets: Record<string, string> }> {
  const output = join(dist, 'tsc-pod.cjs');
  await bundle({
    entryPoints: ['./cli/main.ts'],
    absWorkingDir: root,
    outfile: output,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    // A start-up snapshot has no loader for import(): built-in modules are required instead.
    supported: { 'dynamic-import': false },
    legalComments: 'none',
    define: { LAUNCHER_HASH: JSON.stringify(launcherHash), VERSION: JSON.stringify(version) },
    // chalk's own look at the builder's environment and terminals: cli/output decides on colours, at each run.
    alias: { '#supports-color': './scripts/no-supports-color.js' },
    plugins: [lazyBuiltins, lazyModules, withoutParser],
    logLevel: 'warning',
  });
  // For the warm-up, in the processes that make the snapshot (cli/warm-up.ts).
  const filters = join(dist, 'seccomp');
  process.env.TSC_POD_DEFAULT_FILTERS = filters;
  writeFileSync(filters, compileDefaults(machine()));
  const { program, cold } = splitModules(inAscii(readFileSync(output, 'utf8')), nodeBinary());
  const compact = await transform(program, {
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
  });
  writeFileSync(output, inAscii(compact.code));
  const assets = { modules: join(dist, 'modules'), code: join(dist, 'code'), seccomp: filters };
  writeFileSync(assets.modules, cold);
  writeFileSync(assets.code, '');
  return { program: output, assets };
}

/**
 * One character beyond Latin-1 (esbuild leaves those of regular expressions) and V8 holds the whole source in two
 * bytes a character, in the snapshot and after each start. The escape means the same in literals of all kinds.
 */
function inAscii(source: string): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return source.replace(/[^\0-\x7f]/g, escaped);
}

/** The official Node binary of this architecture, from its npm package. */
function nodeBinary(): string {
  return require.resolve(`node-linux-${process.arch}/bin/node`);
}

async function pack(program: string, assets: Record<string, string>): Promise<void> {
  const sea = require('@yao-pkg/pkg/lib-es5/sea.js').default;
  const output = join(dist, 'tsc-pod.new');
  rmSync(output, { force: true });
  // pkg asks for `node` on PATH, which must be the version that is packed.
  process.env.PATH = `${join(nodeBinary(), '..')}:${process.env.PATH}`;
  await sea(program, {
    targets: [
      {
        nodeRange: `node${process.versions.node.split('.')[0]}`,
        platform: 'linux',
        arch: process.arch,
        output,
      },
    ],
    nodePath: nodeBinary(),
    seaConfig: {
      useSnapshot: true,
      useCodeCache: false,
      disableExperimentalSEAWarning: true,
      // No debugger for who sends SIGUSR1: it would listen on a port of the host. And Node looks for options of its
      // own, --env-file, in our command line as far as a `--`.
      execArgv: [...OPTIONS, '--disable-sigusr1', '--'],
      // NODE_OPTIONS is for other programs.
      execArgvExtension: 'none',
      assets,
    },
  });
  keepCompiledCode(output);
  renameSync(output, join(dist, 'tsc-pod'));
}

async function main(): Promise<void> {
  mkdirSync(dist, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  say('the launcher');
  const launcher = buildLauncher();
  const hash = createHash('sha256').update(readFileSync(launcher)).digest('hex').slice(0, 16);
  say('the built-in image');
  execFileSync(process.execPath, [join(root, 'scripts/builtin-image.ts')], { stdio: 'inherit' });
  say('the program');
  const { program, assets } = await bundleProgram(hash, version);
  say('the binary');
  for (const shell of ['bash', 'fish', 'zsh'])
    assets[`completion/${shell}`] = join(root, `cli/completion/tsc-pod.${shell}`);
  const builtin = join(dist, 'builtin');
  assets.launcher = launcher;
  for (const name of existsSync(builtin) ? readdirSync(builtin) : [])
    assets[`builtin/${name}`] = join(builtin, name);
  writeFileSync(join(dist, 'assets.json'), JSON.stringify(Object.keys(assets)));
  await pack(program, assets);
  say('done: dist/tsc-pod');
}

await main();
