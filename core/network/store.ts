import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeWhole } from '../by-name.ts';
import { checkName, isName } from '../container/name.ts';
import { errnoOf, PodError } from '../error.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { writeFile } from '../write-file.ts';

/**
 * A network is networks/<name>/ with
 *   network.json      NetworkRecord
 *   leases/<address>/<id>  the container that has the address (core/network/leases.ts)
 * It is made whole as networks/.<name>.<pid>.<start> and renamed.
 */

export interface NetworkSubnet {
  /** `10.89.0.0/24` */
  subnet: string;
  /** undefined: an internal network without one. */
  gateway: string;
  /** Addresses are given from these only: a network within `subnet`. */
  range?: string | undefined;
  /** Addresses that no container is given, by the name of whoever has them. */
  reserved?: Record<string, string> | undefined;
}

export interface NetworkRecord {
  name: string;
  /** 64 hexadecimal digits. */
  id: string;
  /** RFC 3339. */
  created: string;
  /** host and null: core/network/predefined.ts. */
  driver: 'bridge' | 'host' | 'null';
  subnets: NetworkSubnet[];
  /** It has no way out. */
  internal: boolean;
  ipv6: boolean;
  /** Its members find each other by name. */
  dns: boolean;
  labels: Record<string, string>;
  options: Record<string, string>;
}

export type NetworkPaths = Pick<Paths, 'networks'>;

export function networkDirectory(paths: NetworkPaths, name: string): string {
  return join(paths.networks, checkName('network', name));
}

/** Makes a network, whole or not at all. False: there is one of that name. */
export function makeNetwork(paths: NetworkPaths, record: NetworkRecord): boolean {
  const directory = networkDirectory(paths, record.name);
  if (existsSync(directory)) return false;
  return makeWhole(paths.networks, record.name, (draft) => {
    mkdirSync(join(draft, 'leases'), { recursive: true, mode: 0o700 });
    writeFile(join(draft, 'network.json'), JSON.stringify(record), { mode: 0o600, flush: true });
  });
}

/** undefined: there is none. Throws PodError `invalid` for one that is damaged. */
export function readNetwork(paths: NetworkPaths, name: string): NetworkRecord | undefined {
  if (!isName(name)) return undefined;
  const file = join(networkDirectory(paths, name), 'network.json');
  let why: string;
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as NetworkRecord;
    if (record?.name === name && typeof record.id === 'string' && Array.isArray(record.subnets))
      return record;
    why = 'it is no record of this network';
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
    why = error.message;
  }
  throw new PodError({
    code: 'invalid',
    message: `cannot read ${file}`,
    why,
    hint: `rm -r ${networkDirectory(paths, name)}   # then make the network anew`,
  });
}

/** All networks that are stored, by name. */
export function storedNetworks(paths: NetworkPaths): NetworkRecord[] {
  const networks = namesIn(paths.networks).sort();
  return networks.map((name) => readNetwork(paths, name)).filter((network) => network !== undefined);
}
