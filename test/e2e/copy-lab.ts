/** What the tests of COPY and ADD share: a context of a few lines goes into a root, whose owner's root looks at it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderContext } from '../../core/build/context/folder.ts';
import type { TreeContext } from '../../core/build/context/tree-context.ts';
import { applyCopy, type CopyOptions } from '../../core/build/copy/apply-copy.ts';
import { type CopyWish, copySources } from '../../core/build/copy/copy-sources.ts';
import type { Selection } from '../../core/build/copy/selection.ts';
import { PodError } from '../../core/error.ts';
import { sandbox } from './harness/sandbox.ts';
import { asRoot, namespace } from './unpack-lab.ts';

let made = 0;

/** 2001-09-09T01:46:40Z, of all that `folder` makes. */
export const TIME = 1e9;

/** Makes a folder: `a/b: text`, `a/`, `link -> target`, `other = name` (a hard link). */
export function folder(...lines: string[]): string {
  const top = join(sandbox.work, `folder-${++made}`);
  mkdirSync(top);
  for (const line of lines) {
    const [, name, sign, rest] = /^([^ ]+?)(: | -> | = |$)(.*)$/s.exec(line)!;
    const path = join(top, name!);
    mkdirSync(dirname(path), { recursive: true });
    if (sign === ': ') writeFileSync(path, rest!);
    else if (sign === ' -> ') symlinkSync(rest!, path);
    else if (sign === ' = ') linkSync(join(top, rest!), path);
    else mkdirSync(path, { recursive: true });
    if (sign === ': ') chmodSync(path, 0o644);
  }
  // find: a symbolic link's own time, too.
  execFileSync('find', [top, '-exec', 'touch', '-h', '-d', `@${TIME}`, '{}', '+']);
  return top;
}

export function touch(path: string, seconds = TIME): void {
  utimesSync(path, seconds, seconds);
}

export const contextOf = (directory: string): TreeContext =>
  folderContext(directory, { label: 'the build context' });

export function select(
  context: TreeContext | string,
  sources: string[],
  wish: Partial<CopyWish> = {},
): Promise<Selection> {
  const from = typeof context === 'string' ? contextOf(context) : context;
  return copySources(from, {
    sources: sources.map((path) => ({ kind: 'path', path })),
    exclude: [],
    parents: false,
    ...wish,
  });
}

/** A bare root; what is told is made in it by its own root user: a shell script. */
export async function rootOf(script = ''): Promise<string> {
  const root = join(sandbox.work, `root-${++made}`);
  mkdirSync(root, { mode: 0o755 });
  if (script) await asRoot(`cd "$1"; ${script}`, [root]);
  return root;
}

export async function copyTo(
  root: string,
  selection: Selection,
  options: Partial<CopyOptions> & Pick<CopyOptions, 'destination'>,
): Promise<string[]> {
  const target = { place: () => namespace, root, layers: [root] };
  return applyCopy(selection, target, { workingDirectory: '/', ...options });
}

/** One line a file: kind, mode, owner, name, target or content; times only with `times`. */
export async function tree(root: string, times = false): Promise<string[]> {
  const time = times ? ' %T@' : '';
  const text = await asRoot(
    `cd "$1"; find . -mindepth 1 -printf '%y %m %U:%G${time} %P' \\( -type l -printf ' -> %l\\n' -o -type f -size -2 -printf ' : ' -exec cat {} \\; -printf '\\n' -o -printf '\\n' \\) | sort -k${times ? 5 : 4}`,
    [root],
  );
  return text.split('\n').filter((line) => line !== '');
}

export async function refusal(work: Promise<unknown>): Promise<PodError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
