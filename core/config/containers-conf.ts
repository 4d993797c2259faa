/**
 * containers.conf(5): what it says of networks. /usr/share, /etc and ~/.config, each with its drop-ins, one on top of the
 * other; $CONTAINERS_CONF stands for all of them, $CONTAINERS_CONF_OVERRIDE comes last.
 */

import { join } from 'node:path';
import { configHome, dropIns, type Environment, readIfPresent } from './read-config.ts';
import { isTable, parseTomlFile, type TomlFile } from './toml-file.ts';

export interface NetworkConfig {
  /** The network of containers that ask for none: what `--network` takes. */
  netns?: string | undefined;
  /** What a network of their own is made by: `slirp4netns` or `pasta`. */
  command?: string | undefined;
  /** Words before those of `slirp4netns:` and `pasta:`. */
  slirp4netnsOptions?: string[] | undefined;
  pastaOptions?: string[] | undefined;
}

const SYSTEM = ['/usr/share/containers/containers.conf', '/etc/containers/containers.conf'];

function files(env: Environment): string[] {
  const last = env.CONTAINERS_CONF_OVERRIDE ? [env.CONTAINERS_CONF_OVERRIDE] : [];
  if (env.CONTAINERS_CONF) return [env.CONTAINERS_CONF, ...last];
  const home = configHome(env);
  const own = home === undefined ? [] : [join(home, 'containers/containers.conf')];
  const [first, ...others] = SYSTEM;
  return [
    first!,
    ...[...others, ...own].flatMap((path) => [path, ...dropIns(`${path}.d`, '.conf')]),
    ...last,
  ];
}

/** Distributions have a long file with nothing in it but comments: it is not parsed for that. */
const OURS = /^\s*(netns|default_rootless_network_cmd|network_cmd_options|pasta_options)\s*=/m;

function tableOf(file: TomlFile, name: string): Record<string, unknown> {
  const table = file.table[name] ?? {};
  if (!isTable(table)) throw file.fail(`${name} is no table`, { key: name });
  return table;
}

function text(file: TomlFile, section: string, key: string): string | undefined {
  const value = tableOf(file, section)[key];
  if (value === undefined || typeof value === 'string') return value;
  throw file.fail(`${key} is no text`, { key });
}

function words(file: TomlFile, section: string, key: string): string[] | undefined {
  const value = tableOf(file, section)[key];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw file.fail(`${key} is no list of texts`, { key });
}

/** Throws PodError `invalid` for a file that can't be read as what it is. */
export async function readNetworkConfig(env: Environment): Promise<NetworkConfig> {
  const config: NetworkConfig = {};
  for (const path of files(env)) {
    const content = readIfPresent(path);
    if (content === undefined || !OURS.test(content)) continue;
    const file = await parseTomlFile(path, content);
    const command = text(file, 'network', 'default_rootless_network_cmd');
    if (command !== undefined && command !== '' && command !== 'slirp4netns' && command !== 'pasta')
      throw file.fail(`default_rootless_network_cmd is neither slirp4netns nor pasta: ${command}`, {
        key: 'default_rootless_network_cmd',
      });
    config.netns = text(file, 'containers', 'netns') || config.netns;
    config.command = command || config.command;
    config.slirp4netnsOptions = words(file, 'engine', 'network_cmd_options') ?? config.slirp4netnsOptions;
    config.pastaOptions = words(file, 'network', 'pasta_options') ?? config.pastaOptions;
  }
  return config;
}
