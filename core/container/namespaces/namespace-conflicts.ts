import { PodError } from '../../error.ts';
import type { ContainerOptions } from '../options.ts';
import type { Namespaces } from './namespaces.ts';

type Flags = Pick<ContainerOptions, 'hostname' | 'domainname' | 'sysctl' | 'network'>;

/** What is set in a namespace that is not the container's own would change it for the others: refused in docker's words. */
export function refuseConflicts(
  flags: Flags,
  { modes, network }: Pick<Namespaces, 'modes' | 'network'>,
): void {
  const own = (mode: string) => ['private', 'shareable', 'none'].includes(mode);
  const [networkMode = ''] = flags.network;
  const ownNetwork = network === undefined && networkMode !== 'host' && !networkMode.startsWith('ns:');
  const refuse = (words: string): never => {
    throw new PodError({
      code: 'usage',
      message: `conflicting options: ${words}`,
      why: "the namespace is not the container's own",
    });
  };
  if (flags.hostname && !own(modes.uts)) refuse('hostname and the UTS mode');
  if (flags.domainname && !own(modes.uts)) refuse('domainname and the UTS mode');
  for (const word of flags.sysctl) {
    const key = word.split('=', 1)[0]!.replaceAll('/', '.');
    if (key.startsWith('net.')) {
      if (!ownNetwork) refuse(`sysctl ${key} and the network mode`);
    } else if (!own(modes.ipc)) refuse(`sysctl ${key} and the IPC mode`);
  }
}
