/** Images to and from another machine: what saves or loads there is its own tsc-pod, podman or docker. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { keptOutput } from '../../child-output.ts';
import { PodError } from '../../error.ts';
import {
  canonicalName,
  type ImageReference,
  parseReference,
  printable,
  repositoryName,
} from '../../reference.ts';
import { streamOutput, type Write } from '../archive/tar-output.ts';
import { type SaveOptions, saveArchive } from '../push/save.ts';

type SavedImages = Parameters<typeof saveArchive>[0];

/** `user@host` or a name of ssh_config(5): never an option, and nothing that a shell or ssh's own % tokens read. */
const HOST = /^[A-Za-z0-9_][\w.@:-]*$/;
/** Characters of what the other side says; it may say gigabytes. */
const MOST_SAID = 64 << 10;
const ID = /^(?:sha256:)?[a-f0-9]{64}$/;

/** Sends an archive of images; gives what the other side says of them. Throws PodError `network`, `usage`. */
export async function sendBySsh(
  host: string,
  images: SavedImages,
  { quiet, ...options }: SaveOptions & { readonly quiet: boolean },
): Promise<string> {
  const ssh = openSsh(host, quiet ? 'load -q' : 'load', options.signal);
  let said = '';
  ssh.stdout.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, MOST_SAID);
  });
  const write: Write = (bytes) =>
    new Promise((resolve, reject) => ssh.stdin.write(bytes, (error) => (error ? reject(error) : resolve())));
  const send = async () => {
    await saveArchive(images, 'docker-archive', streamOutput(write), options);
    ssh.stdin.end();
  };
  await untilEnded(ssh, host, send, () => !ssh.stdin.writable);
  return said;
}

/**
 * Has an image saved there; `load` reads the archive, in which names count that were asked for: what else is called how
 * here is none of that machine's business. Throws what that does, PodError `network`, `usage`.
 */
export async function fetchBySsh<T>(
  host: string,
  image: string,
  signal: AbortSignal,
  load: (archive: Readable, isAsked: (name: string) => boolean) => Promise<T>,
): Promise<T> {
  // By the grammar of names there is nothing in it that a shell reads.
  const asked = ID.test(image) ? undefined : parseReference(image);
  if (asked && asked.kind !== 'registry')
    throw new PodError({
      code: 'usage',
      message: `cannot copy ${printable(image)}`,
      why: 'of another machine only images of its store can be had',
    });
  const ssh = openSsh(host, `save ${image}`, signal);
  ssh.stdin.end();
  const archive = keptOutput(ssh.stdout);
  const fetch = () =>
    load(archive, (name) => asked !== undefined && isMeant(asked, name)).catch((error: unknown) => {
      throw damaged(error, host);
    });
  return untilEnded(ssh, host, fetch, () => archive.readableEnded);
}

/** Whether a canonical name is what was typed; a short name may be of any registry. */
function isMeant(asked: ImageReference, name: string): boolean {
  const whole = canonicalName(asked);
  if (asked.shortName === undefined) return name === whole;
  return name.endsWith(`/${asked.shortName}${whole.slice(repositoryName(asked).length)}`);
}

/** What can't be loaded may be what a shell there says before all else. */
function damaged(error: unknown, host: string): unknown {
  if (!(error instanceof PodError) || error.code !== 'invalid') return error;
  const { message, why = message } = error;
  return new PodError({
    code: 'invalid',
    message: `cannot load what ${host} has sent`,
    why,
    hint: `ssh ${host} true   # has to print nothing`,
    cause: error,
  });
}

type Ssh = ChildProcessByStdio<Writable, Readable, null>;

function openSsh(host: string, words: string, signal: AbortSignal | undefined): Ssh {
  if (!HOST.test(host))
    throw new PodError({
      code: 'usage',
      message: `cannot use ${printable(host)} as a host`,
      why: 'it takes user@host, or a name of ~/.ssh/config',
    });
  const tools = `for tool in tsc-pod podman docker; do command -v $tool >/dev/null && exec $tool ${words}; done`;
  const command = `sh -c '${tools}; echo "there is no tsc-pod, podman or docker" >&2; exit 127'`;
  const ssh = spawn('ssh', ['-T', '--', host, command], { stdio: ['pipe', 'pipe', 'inherit'], signal });
  ssh.stdin.on('error', () => {}); // its exit status tells
  return ssh;
}

/**
 * What ssh and the other side have to say goes before what `work` makes of a stream that they have cut. What fails here
 * ends them, and is told itself.
 */
async function untilEnded<T>(
  ssh: Ssh,
  host: string,
  work: () => Promise<T>,
  isCut: () => boolean,
): Promise<T> {
  const ended = once(ssh, 'close').then(([status]) => status as number | null);
  ended.catch(() => {}); // looked at below
  const worked = work().then(
    (value) => {
      ssh.stdout.resume();
      return { value };
    },
    (error: unknown) => {
      const ours = !isCut();
      if (ours) ssh.kill();
      ssh.stdin.destroy();
      ssh.stdout.destroy();
      return { error, ours };
    },
  );
  const failing = (why: string, cause?: unknown) =>
    new PodError({ code: 'network', message: `cannot copy by ssh ${host}`, why, cause });
  const status = await ended.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw failing('there is no program ssh', error);
    throw error;
  });
  const result = await worked;
  const failed = 'error' in result ? result : undefined;
  if (status !== 0 && !failed?.ours) throw failing(`it ended with ${status ?? 'a signal'}`, failed?.error);
  if ('error' in result) throw result.error;
  return result.value;
}
