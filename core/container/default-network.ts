import { type NetworkConfig, readNetworkConfig } from '../config/containers-conf.ts';
import type { Environment } from '../config/read-config.ts';

const PRIVATE = 'slirp4netns';

/** The configured words come first: of two that say different things the last counts. */
function withOptions(mode: string, { slirp4netnsOptions, pastaOptions }: NetworkConfig): string {
  const [kind = '', own] = mode.split(/:(.*)/s, 2);
  const configured =
    kind === 'slirp4netns' ? slirp4netnsOptions : kind === 'pasta' ? pastaOptions : undefined;
  if (!configured || configured.length === 0) return mode;
  return `${kind}:${[...configured, ...(own ? [own] : [])].join(',')}`;
}

/**
 * The values of `--network` as they are with what is configured: where none is asked for, TSC_POD_NETWORK, then `netns` of
 * containers.conf; a network of its own (`private`) is made by `default_rootless_network_cmd`, else by slirp4netns.
 */
export async function networkWords(asked: readonly string[], env: Environment): Promise<string[]> {
  const config = await readNetworkConfig(env);
  const preset = env.TSC_POD_NETWORK || config.netns || 'private';
  const resolve = (word: string): string => {
    const mode = word === 'default' ? preset : word;
    return withOptions(mode === 'private' || mode === 'default' ? (config.command ?? PRIVATE) : mode, config);
  };
  const words = (asked.length === 0 ? ['default'] : asked).map(resolve);
  return asked.length === 0 && words[0] === PRIVATE ? [] : words;
}
