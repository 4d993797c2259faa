import { isAbsolute, posix } from 'node:path';
import { PodError } from '../../error.ts';

/** One end of a copy: a path in a container, one here, or a tar archive on a standard stream. */
export type CopyEnd =
  | { kind: 'container'; container: string; path: string }
  | { kind: 'local'; path: string }
  | { kind: 'stream' };

/**
 * As docker reads it: what is before the first colon is a container, unless the text is an absolute path or begins
 * with a dot (`./a:b`). Throws PodError `usage`.
 */
export function parseCopyEnd(text: string): CopyEnd {
  if (text === '-') return { kind: 'stream' };
  const colon = text.indexOf(':');
  if (isAbsolute(text) || text.startsWith('.') || colon < 0) {
    if (text === '') throw new PodError({ code: 'usage', message: 'cannot copy: a path is empty' });
    return { kind: 'local', path: text };
  }
  if (colon === 0) {
    throw new PodError({
      code: 'usage',
      message: `cannot copy ${JSON.stringify(text)}`,
      why: 'no container is named before the colon',
      hint: `for a file of that name: ./${text}`,
    });
  }
  const path = text.slice(colon + 1);
  // A path in a container begins at its root, whatever its working directory is.
  return {
    kind: 'container',
    container: text.slice(0, colon),
    path: path.startsWith('/') ? path : `/${path}`,
  };
}

/** `dir/` and `dir/.` can only be a directory. */
export function assertsDirectory(path: string): boolean {
  return /(?:^|\/)\.?$/.test(path);
}

/** `dir/.`: what is in the directory, not the directory. */
export function meansContents(path: string): boolean {
  return path === '.' || path.endsWith('/.') || basenameOf(path) === '';
}

/** The last name of a path; '' when it has none of its own (`/`, `..`). */
export function basenameOf(path: string): string {
  const name = posix.basename(posix.normalize(path));
  return name === '.' || name === '..' ? '' : name;
}

/** Without the slashes and dots at its end; never empty. */
export function trimmed(path: string): string {
  return path.replace(/(?:\/+\.?)+$/, '') || (path.startsWith('/') ? '/' : '.');
}
