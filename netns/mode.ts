/** `--network`: which network a container gets. */

import { isAbsolute } from 'node:path';
import { PodError } from '../core/error.ts';
import { type BridgeWish, parseBridgeOptions, parseLongForm } from './bridge-options.ts';
import { type PastaOptions, parsePastaOptions } from './pasta-options.ts';
import {
  DEFAULT_SLIRP4NETNS,
  parseSlirp4netnsOptions,
  type Slirp4netnsOptions,
} from './slirp4netns-options.ts';

export type NetworkMode =
  /** A namespace with nothing but its loopback. */
  | { kind: 'none' }
  /** The host's own namespace. */
  | { kind: 'host' }
  | { kind: 'slirp4netns'; options: Slirp4netnsOptions }
  | { kind: 'pasta'; options: PastaOptions }
  /** In networks of the user's own, each with a bridge. */
  | { kind: 'bridge'; networks: BridgeWish[] }
  /** A namespace that somebody else made and keeps. */
  | { kind: 'path'; path: string }
  /** Another container's: who calls knows what that has. */
  | { kind: 'container'; name: string };

const DEFAULT_MODE: NetworkMode = { kind: 'slirp4netns', options: DEFAULT_SLIRP4NETNS };

function unsupported(text: string, why: string): PodError {
  return new PodError({
    code: 'unsupported',
    message: `cannot use --network ${text}`,
    why,
    hint: '--network slirp4netns (the default), pasta, none, host, container:NAME, ns:PATH, or the name of a network',
  });
}

/** A mode by its name alone, or a network with what the container is to be there. */
function longForm(text: string): NetworkMode {
  const wish = parseLongForm(text);
  const mode = parseNetworkMode(wish.network);
  if (mode.kind === 'bridge') return { kind: 'bridge', networks: [wish] };
  if (text === `name=${wish.network}`) return mode;
  throw unsupported(text, `${wish.network} is no network of yours`);
}

/**
 * The value of `--network`; undefined is the default. `default` and `private` mean slirp4netns, as for podman without
 * root; what is no mode is a network's name. Throws PodError `usage` or `unsupported`.
 */
export function parseNetworkMode(text: string | undefined): NetworkMode {
  if (text === undefined) return DEFAULT_MODE;
  if (text.includes('=') && /^(name|alias|ip6?|mac-address|driver-opt)=/.test(text)) return longForm(text);
  const [kind = '', rest] = text.split(/:(.*)/s, 2);
  const plain = (mode: NetworkMode): NetworkMode => {
    if (rest !== undefined)
      throw new PodError({
        code: 'usage',
        message: `cannot use --network ${text}`,
        why: `${kind} has no options`,
      });
    return mode;
  };
  switch (kind) {
    case 'none':
    case 'host':
      return plain({ kind });
    case 'default':
    case 'private':
      return plain(DEFAULT_MODE);
    case 'slirp4netns':
      return { kind, options: parseSlirp4netnsOptions(rest ?? '') };
    case 'ns':
      if (!rest || !isAbsolute(rest))
        throw new PodError({
          code: 'usage',
          message: `cannot use --network ${text}`,
          why: 'ns: wants the absolute path of a namespace',
          hint: '--network ns:/run/user/1000/netns/mine',
        });
      return { kind: 'path', path: rest };
    case 'pasta':
      return { kind, options: parsePastaOptions(rest ?? '') };
    case 'container':
      if (!rest)
        throw new PodError({
          code: 'usage',
          message: `cannot use --network ${text}`,
          why: 'it names no container',
          hint: '--network container:NAME',
        });
      return { kind, name: rest };
    default:
      if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(kind))
        throw unsupported(text, kind === '' ? 'it is empty' : "that can't be the name of a network");
      return { kind: 'bridge', networks: [parseBridgeOptions(kind, rest ?? '')] };
  }
}
