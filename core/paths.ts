import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { callReason, errnoOf, PodError } from './error.ts';
import { homeOf } from './home.ts';

/** Where everything of one user is. `data` survives a reboot, `runtime` does not. */
export interface Paths {
  data: string;
  runtime: string;
  images: string;
  layers: string;
  partial: string;
  containers: string;
  pods: string;
  names: string;
  volumes: string;
  networks: string;
  secrets: string;
  trash: string;
  locks: string;
  libexec: string;
  cache: string;
  /** Builds that are under way, each a hidden directory. */
  builds: string;
  buildCache: string;
  cacheMounts: string;
  /** What builds remember of contexts: made anew where it is gone. */
  contextMemory: string;
}

type Environment = Record<string, string | undefined>;

function dataRoot(environment: Environment, root: string | undefined): string {
  const chosen = root ?? environment.TSC_POD_ROOT;
  if (chosen) return isAbsolute(chosen) ? chosen : join(process.cwd(), chosen);
  const shared = environment.XDG_DATA_HOME;
  if (shared && isAbsolute(shared)) return join(shared, 'tsc-pod'); // XDG Base Directory: a relative one is ignored
  const home = homeOf(environment);
  if (home) return join(home, '.local/share/tsc-pod');
  throw new PodError({
    code: 'usage',
    message: 'cannot tell where to keep images and containers',
    why: 'neither HOME nor XDG_DATA_HOME is set, and the user database knows no home of this user',
    hint: 'tsc-pod --root /some/directory …',
  });
}

/**
 * What lies there is executed and believed: whoever owns it acts as this user. `su` and `sudo -E` bring another user's
 * HOME along.
 */
function owned(data: string): string {
  const uid = ownerOf(data);
  if (uid === undefined || uid === 0 || uid === process.geteuid!()) return data;
  throw new PodError({
    code: 'denied',
    message: `cannot use the directory ${data}`,
    why: `it belongs to another user (uid ${uid})`,
    hint: 'set HOME (sudo -H, su -), or tsc-pod --root /some/directory …',
  });
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/** As mkdir -p. Node's own goes on forever where a file system answers ENOENT to who makes a directory, as autofs(5) does. */
function makeDirectories(path: string): void {
  const isThere = () => statSync(path, { throwIfNoEntry: false })?.isDirectory();
  if (isThere()) return;
  makeDirectories(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!isThere()) throw error;
  }
}

/** Whether it is this user's, or could be made: that of a session that has ended is gone (tmux keeps its name). */
function isOwn(session: string): boolean {
  try {
    makeDirectories(session);
  } catch {
    return false;
  }
  return ownerOf(session) === process.geteuid!();
}

/**
 * XDG_RUNTIME_DIR; where there is none or it is another user's (su keeps it), the one that the user's session would
 * have, so that cron sees what runs in it; else a private directory below /tmp.
 */
function runtimeRoot(environment: Environment): string {
  const session = environment.XDG_RUNTIME_DIR;
  if (session && isAbsolute(session) && isOwn(session)) return join(session, 'tsc-pod');
  const usual = `/run/user/${process.geteuid!()}`; // pam_systemd(8)
  if (ownerOf(usual) === process.geteuid!()) return join(usual, 'tsc-pod');
  const own = `/tmp/tsc-pod-run-${process.getuid!()}`;
  makeDirectories(own);
  const about = lstatSync(own);
  if (!about.isDirectory() || about.uid !== process.getuid!())
    throw new PodError({
      code: 'denied',
      message: `cannot use ${own}`,
      why: 'it belongs to somebody else',
      hint: 'set XDG_RUNTIME_DIR',
    });
  if (about.mode & 0o077) chmodSync(own, 0o700);
  return own;
}

/** Says that a directory is a store of tsc-pod. */
const MARKER = 'tsc-pod-store';
/** What a store may hold that has no marker yet; lost+found is that of a file system, or of `system check --repair`. */
const KNOWN =
  /^(images|layers|partial|builds|build-cache|cache-mounts|containers|pods|names|volumes|networks|secrets|trash|locks|libexec|cache|told|lost\+found|overlay-probe\.json|events\.jsonl.*|\..*)$/;

function makeDataRoot(data: string): void {
  try {
    makeDirectories(data);
  } catch (cause) {
    throw new PodError({
      code: errnoOf(cause) === 'ENOSPC' ? 'no-space' : 'denied',
      message: `cannot make the directory ${data}`,
      why: callReason(cause),
      hint: 'tsc-pod --root /some/directory …',
      cause,
    });
  }
}

/** A store is emptied, collected and reset by the names in it: `--root ~` must not cost anybody the images in their home. */
function claimStore(data: string): void {
  const marker = join(data, MARKER);
  if (existsSync(marker)) return;
  makeDataRoot(data);
  const other = readdirSync(data).find((name) => !KNOWN.test(name));
  if (other !== undefined) {
    throw new PodError({
      code: 'conflict',
      message: `cannot keep images and containers in ${data}`,
      why: `it holds other things: ${JSON.stringify(other)}`,
      hint: `tsc-pod --root ${join(data, 'tsc-pod')} …`,
    });
  }
  try {
    writeFileSync(marker, '');
  } catch {
    // A full disk must not keep anybody from looking, or from making room.
  }
}

/**
 * The paths for this environment; `root` is the value of --root. Makes the data directory, which holds nothing else
 * (`conflict`), and is closed to other users: in layers and containers lie set-user-ID programs that are the user's own outside.
 */
export function findPaths(environment: Environment, root?: string): Paths {
  const data = owned(dataRoot(environment, root));
  claimStore(data);
  return {
    data,
    runtime: runtimeRoot(environment),
    images: join(data, 'images'),
    layers: join(data, 'layers'),
    partial: join(data, 'partial'),
    containers: join(data, 'containers'),
    pods: join(data, 'pods'),
    names: join(data, 'names'),
    volumes: join(data, 'volumes'),
    networks: join(data, 'networks'),
    secrets: join(data, 'secrets'),
    trash: join(data, 'trash'),
    locks: join(data, 'locks'),
    libexec: join(data, 'libexec'),
    cache: join(data, 'cache'),
    builds: join(data, 'builds'),
    buildCache: join(data, 'build-cache'),
    cacheMounts: join(data, 'cache-mounts'),
    contextMemory: join(data, 'cache/contexts'),
  };
}
