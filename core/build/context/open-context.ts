/** What stands behind the word that `build` gets: a folder, `-`, an archive, a URL, a repository. */

import { createReadStream, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, relative, resolve } from 'node:path';
import { decompress, EXPANSION_LIMIT } from '../../archive/decompress.ts';
import { errnoOf, PodError } from '../../error.ts';
import { expandByProgram } from '../../images/decompress/expand-by-program.ts';
import { describeAddress } from '../../registry/fetch-address.ts';
import { createIgnore, type Ignore, ignoreFiles } from '../dockerfile/ignore.ts';
import { attributesOf } from './attributes.ts';
import type { BuildContext } from './build-context.ts';
import { download } from './download.ts';
import { fingerprintMemory } from './fingerprint-memory.ts';
import { folderContext } from './folder.ts';
import { describeRepository, gitAddress } from './git-address.ts';
import { checkOut } from './git-checkout.ts';
import { peek, readAll } from './peek.ts';
import { madeDirectory, tarContext } from './tar-context.ts';
import { type TreeContext, treeContext } from './tree-context.ts';

export interface ContextEnvironment {
  /** A folder of the build's own, for what is cloned, downloaded and unpacked; the build removes it. */
  readonly directory: string;
  /** Where fingerprints of folders are remembered from build to build; undefined: they aren't. */
  readonly memory?: string | undefined;
  /** What -f and folders are relative to. */
  readonly workingDirectory: string;
  /** The caller's variables: PATH, proxies, SSH_AUTH_SOCK. */
  readonly environment: NodeJS.ProcessEnv;
  readonly input: () => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** A Dockerfile's repositories may be got by ssh (--ssh). */
  readonly ssh?: boolean | undefined;
  /** Has something done when the build ends, whether it succeeds or not. */
  readonly atEnd: (work: (succeeded: boolean) => void) => void;
  /** How far a download or clone has come; bytes, total 0 where unknown. */
  readonly progress?: (what: string, current: number, total: number, done: boolean) => void;
}

export interface OpenedBuild {
  /** .dockerignore (or NAME.dockerignore) is in force. */
  readonly context: BuildContext;
  /** `name` as errors and checks call it. */
  readonly dockerfile: { readonly name: string; readonly text: string };
  /** What is in force, where there is such a file. */
  readonly ignore?: Ignore | undefined;
}

const MOST_TEXT = 64 << 20;
const LABEL = 'the build context';
const NAMES = ['Dockerfile', 'Containerfile'];

/** What a context turned out to be: files, or a Dockerfile alone. */
interface Found {
  readonly context: TreeContext;
  /** The word was a Dockerfile's text. */
  readonly text?: string;
  /** Of a folder of the user's. */
  readonly folder?: string;
}

/**
 * Opens the context of a build and finds its Dockerfile: -f relative to the working directory, else to the context;
 * without -f `Dockerfile`, then `Containerfile`. Errors: PodError `not-found`, `network`, `missing` (git), `invalid`.
 */
export async function openBuild(
  wish: { context: string; file?: string | undefined },
  environment: ContextEnvironment,
): Promise<OpenedBuild> {
  if (wish.context === '-' && wish.file === '-')
    throw new PodError({
      code: 'usage',
      message: 'cannot read context and Dockerfile from standard input both',
    });
  const found = await openPlace(wish.context, environment, LABEL);
  const dockerfile = await findDockerfile(wish, found, environment);
  let ignore: Ignore | undefined;
  for (const name of ignoreFiles(dockerfile.path)) {
    const text = readBeside(name, found);
    if (text === undefined) continue;
    ignore = createIgnore(text, basename(name));
    found.context.ignore(ignore);
    break;
  }
  return { context: found.context, dockerfile, ignore };
}

interface FoundDockerfile {
  readonly name: string;
  readonly text: string;
  /** Below the context, or absolute for one outside of it; undefined for one that is in no file. */
  readonly path: string | undefined;
}

async function findDockerfile(
  { context, file }: { context: string; file?: string | undefined },
  found: Found,
  environment: ContextEnvironment,
): Promise<FoundDockerfile> {
  if (file === '-')
    return { name: 'Dockerfile', text: await readAll(environment.input(), MOST_TEXT), path: undefined };
  if (found.text !== undefined) return { name: 'Dockerfile', text: found.text, path: undefined };
  for (const path of file === undefined ? NAMES : placesOf(file, found, environment)) {
    const text = isAbsolute(path) ? readOutside(path) : textOf(found.context.readFile(path, MOST_TEXT));
    if (text !== undefined) return { name: basename(path), text, path };
  }
  const hint = 'name it with -f, or give the directory that it is in';
  throw new PodError({
    code: 'not-found',
    message: `cannot build ${context}`,
    why: `there is no ${file ?? NAMES.join(' and no ')}`,
    hint,
  });
}

/** Paths where -f may mean: absolute ones, or below the context. */
function placesOf(file: string, { folder }: Found, { workingDirectory }: ContextEnvironment): string[] {
  const below = file.replace(/^\/+/, '');
  if (folder === undefined) return [below];
  const here = resolve(workingDirectory, file);
  const path = relative(folder, here);
  const inside = path !== '' && !path.startsWith('..') && !isAbsolute(path);
  return isAbsolute(file) ? [here] : [...(inside ? [here, path] : [here]), below];
}

const textOf = (bytes: Buffer | undefined): string | undefined => bytes?.toString('utf8');

function readOutside(path: string): string | undefined {
  try {
    const about = statSync(path);
    if (!about.isFile()) return undefined;
    return about.size > MOST_TEXT ? refuseLarge(path, about.size) : readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof PodError) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new PodError({ code: 'denied', message: `cannot read ${path}`, why: 'you may not', cause: error });
  }
}

function refuseLarge(path: string, size: number): never {
  const why = `it has ${size} bytes, more than ${MOST_TEXT}`;
  throw new PodError({ code: 'invalid', message: `cannot read ${path}`, why });
}

function readBeside(path: string, found: Found): string | undefined {
  return isAbsolute(path) ? readOutside(path) : textOf(found.context.readFile(path, MOST_TEXT));
}

async function openPlace(place: string, environment: ContextEnvironment, label: string): Promise<Found> {
  if (place === '-') return openStream(environment.input(), environment, label);
  const address = gitAddress(place);
  if (address) {
    environment.progress?.(describeRepository(address), 0, 0, false);
    const { directory } = await checkOut(address, {
      ...environment,
      keepGitDir: false,
      saidBy: 'user',
    });
    environment.progress?.(describeRepository(address), 0, 0, true);
    return { context: folderContext(directory, { label, plainModes: true }) };
  }
  if (/^https?:\/\//.test(place)) {
    const { path } = await download(place, environment);
    return openStream(createReadStream(path, { highWaterMark: 1 << 20 }), environment, label, place);
  }
  const folder = resolve(environment.workingDirectory, place);
  if (isArchive(folder)) return openStream(createReadStream(folder), environment, label, folder);
  const memory = environment.memory === undefined ? undefined : fingerprintMemory(environment.memory, folder);
  if (memory) environment.atEnd(memory.keep);
  return { context: folderContext(folder, { label, memory, attributesOf }), folder };
}

const isArchive = (path: string): boolean =>
  /\.(?:tar|tar\.\w+|tgz|tbz2?|txz|tzst)$/.test(path) &&
  (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);

/** A tar, compressed or not, or the text of a Dockerfile. */
async function openStream(
  bytes: AsyncIterable<Uint8Array>,
  environment: ContextEnvironment,
  label: string,
  from = 'standard input',
): Promise<Found> {
  const foreign = expandByProgram(environment.environment);
  const plain = decompress(bytes, EXPANSION_LIMIT, { foreign });
  const { isTar, all } = await peek(plain);
  if (isTar) return { context: await tarContext(all, environment, label) };
  const text = await readAll(all, MOST_TEXT);
  if (text.includes('\0'))
    throw new PodError({
      code: 'invalid',
      message: `cannot use ${/^https?:/.test(from) ? describeAddress(from) : from} as ${label}`,
      why: 'it is neither a tar archive nor a Dockerfile',
    });
  const empty = treeContext(
    { look: (path) => (path === '' ? { entry: madeDirectory('') } : undefined), names: () => [] },
    label,
  );
  return { context: empty, text };
}

/** What `--build-context NAME=VALUE` names: an image is the executor's to obtain, all else is a context to be opened. */
export type NamedContext =
  | { readonly kind: 'image' /** As FROM takes it: a reference or `oci:path:tag`. */; readonly image: string }
  | { readonly kind: 'context'; open(environment: ContextEnvironment): Promise<BuildContext> };

/** All of `--build-context` by name, in lower case, each opened once. Throws PodError `usage`. */
export function namedContexts(texts: readonly string[]): Map<string, NamedContext> {
  const named = texts.map(parseBuildContext);
  return new Map(named.map(({ name, found }) => [name.toLowerCase(), openedOnce(found)]));
}

function openedOnce(found: NamedContext): NamedContext {
  if (found.kind === 'image') return found;
  let opened: Promise<BuildContext> | undefined;
  return { ...found, open: (environment) => (opened ??= found.open(environment)) };
}

function parseBuildContext(text: string): { name: string; found: NamedContext } {
  const equals = text.indexOf('=');
  const [name, value] = [text.slice(0, Math.max(0, equals)), text.slice(equals + 1)];
  if (name === '' || value === '')
    throw new PodError({
      code: 'usage',
      message: `cannot use --build-context ${text}`,
      why: 'it is not NAME=VALUE',
      hint: 'for instance --build-context assets=../assets, or base=docker-image://alpine:3',
    });
  const image = /^(?:docker-image:\/\/|container-image:\/\/)(.+)$/.exec(value)?.[1] ?? layoutImage(value);
  if (image !== undefined) return { name, found: { kind: 'image', image } };
  const open = (environment: ContextEnvironment): Promise<BuildContext> =>
    openNamed(name, value, environment);
  return { name, found: { kind: 'context', open } };
}

/** `oci-layout://PATH[:TAG][@DIGEST]` as the transport `oci:` has it. */
function layoutImage(value: string): string | undefined {
  const rest = /^oci-layout:\/\/(.+)$/.exec(value)?.[1];
  if (rest === undefined) return undefined;
  const [, path, digest] = /^(.+?)(?::[^:/]+)?@(sha256:[0-9a-f]{64})$/.exec(rest) ?? [];
  return digest === undefined ? `oci:${rest}` : `oci:${path}:@${digest}`;
}

async function openNamed(
  name: string,
  value: string,
  environment: ContextEnvironment,
): Promise<BuildContext> {
  const label = `the build context ${name}`;
  const found = await openPlace(value, environment, label);
  const { context, text, folder } = found;
  if (text !== undefined)
    throw new PodError({
      code: 'invalid',
      message: `cannot use ${value} as ${label}`,
      why: 'it is no archive',
    });
  const ignore = folder === undefined ? undefined : readBeside('.dockerignore', found);
  if (ignore !== undefined) context.ignore(createIgnore(ignore));
  return context;
}
