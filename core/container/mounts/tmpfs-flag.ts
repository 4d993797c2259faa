import { destinationOf, type MountRequest } from './request.ts';

const OPPOSITE: Record<string, string> = {
  nosuid: 'suid',
  nodev: 'dev',
  noexec: 'exec',
  tmpcopyup: 'notmpcopyup',
};

/**
 * The options of a tmpfs: what is usual unless the opposite is asked for. What the image has there is copied into it,
 * as podman does (`tmpcopyup`).
 */
export function tmpfsOptions(asked: readonly string[], usual: readonly string[] = USUAL): string[] {
  const kept = usual.filter((word) => {
    const key = word.split('=')[0]!;
    return !asked.some((one) => one === word || one === OPPOSITE[word] || one.startsWith(`${key}=`));
  });
  return [...kept, ...asked.filter((word) => word !== 'notmpcopyup' && word !== 'U')];
}

const USUAL = ['nosuid', 'nodev', 'noexec', 'mode=1777', 'tmpcopyup'];

/** Of a directory that programs are run from too: an image's volume, /tmp. */
export function usualTmpfs(destination: string, asked: string): MountRequest {
  const options = tmpfsOptions([], ['nosuid', 'nodev', 'mode=1777', 'tmpcopyup']);
  return { kind: 'filesystem', asked, destination, source: 'tmpfs', options };
}

/** `--tmpfs PATH[:OPTION,...]` */
export function parseTmpfsFlag(value: string): MountRequest {
  const asked = `--tmpfs ${value}`;
  const colon = value.indexOf(':');
  const words = colon < 0 ? [] : value.slice(colon + 1).split(',');
  return {
    kind: 'filesystem',
    asked,
    destination: destinationOf(asked, colon < 0 ? value : value.slice(0, colon)),
    source: 'tmpfs',
    options: tmpfsOptions(words.filter((word) => word !== '')),
    ...(words.includes('U') && { chown: true }),
  };
}
