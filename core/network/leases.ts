import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bareAddress } from '../../netns/address.ts';
import { addressText, contains, parseSubnet, type Subnet, sizeOf } from '../../netns/subnet.ts';
import type { ContainerRecord } from '../container/record.ts';
import { isContainer } from '../container/store.ts';
import { errnoOf, PodError } from '../error.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { release, reserve } from '../reservation.ts';
import { type NetworkRecord, type NetworkSubnet, networkDirectory } from './store.ts';

/**
 * Who has which address of a network: leases/<address>/<id> (core/reservation.ts). A lease counts while there is a container
 * of its id. What removes a network takes the directory away first, which the kernel allows only while it is empty.
 */

function leasesOf(paths: Paths, name: string): string {
  return join(networkDirectory(paths, name), 'leases');
}

function leaseOf(paths: Paths, name: string, address: string): string {
  return join(leasesOf(paths, name), bareAddress(address));
}

/** The file by which a container has an address, with or without its prefix. */
export function leaseFile(paths: Paths, name: string, address: string, id: string): string {
  return join(leaseOf(paths, name, address), id);
}

interface Lease {
  address: string;
  id: string;
}

function allLeases(paths: Paths, name: string): Lease[] {
  return namesIn(leasesOf(paths, name)).flatMap((address) =>
    namesIn(leaseOf(paths, name, address)).map((id) => ({ address, id })),
  );
}

/** Those of containers that are gone. */
export function staleLeases(paths: Paths, name: string): Lease[] {
  return allLeases(paths, name).filter(({ id }) => !isContainer(paths, id));
}

/** All leases that count: address -> id of the container. Those of containers that are gone are taken back. */
export function leases(paths: Paths, name: string): Map<string, string> {
  const held = new Map<string, string>();
  for (const { address, id } of allLeases(paths, name))
    if (isContainer(paths, id)) held.set(address, id);
    else releaseAddress(paths, name, address, id);
  return held;
}

/** Ids of the containers that are in it, each once. */
export function networkUsers(paths: Paths, name: string): string[] {
  return [...new Set(leases(paths, name).values())];
}

/** False: somebody has it. Throws PodError `not-found` where the network is being removed. */
function take(paths: Paths, name: string, address: string, id: string): boolean {
  const draft = join(networkDirectory(paths, name), `.${id}`);
  rmSync(draft, { recursive: true, force: true }); // of who was killed
  try {
    mkdirSync(draft, { mode: 0o700 }); // not `recursive`: a network that is just removed would be there again, as an empty directory
    writeFileSync(join(draft, id), '', { mode: 0o600 });
    return reserve(draft, leaseOf(paths, name, address));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new PodError({
      code: 'not-found',
      message: `cannot give an address of network ${name}`,
      why: 'it is being removed',
      hint: `tsc-pod network rm ${name}   # where that was interrupted`,
      cause: error,
    });
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

const TRIES = 65536n;

function* candidates(subnet: Subnet, range: Subnet, gateway: string): Generator<string> {
  const last = subnet.base + sizeOf(subnet) - 1n;
  const end = range.base + (sizeOf(range) > TRIES ? TRIES : sizeOf(range));
  for (let number = range.base; number < end; number++) {
    if (number === subnet.base || (subnet.version === 4 && number === last)) continue;
    const address = addressText(subnet.version, number);
    if (address !== gateway) yield address;
  }
}

function giveOne(paths: Paths, network: NetworkRecord, one: NetworkSubnet, id: string): string {
  const subnet = parseSubnet(one.subnet)!;
  const taken = leases(paths, network.name);
  for (const reserved of Object.values(one.reserved ?? {})) taken.set(reserved, '');
  for (const address of candidates(subnet, one.range ? parseSubnet(one.range)! : subnet, one.gateway))
    if (!taken.has(address) && take(paths, network.name, address, id)) return address;
  throw new PodError({
    code: 'conflict',
    message: `cannot give an address of network ${network.name}`,
    why: `all of ${one.range ?? one.subnet} are given`,
    hint: 'tsc-pod container prune   # stopped containers keep theirs',
  });
}

function takeAsked(
  paths: Paths,
  network: NetworkRecord,
  one: NetworkSubnet,
  asked: string,
  id: string,
): string {
  const subnet = parseSubnet(one.subnet)!;
  const ends = [subnet.base, ...(subnet.version === 4 ? [subnet.base + sizeOf(subnet) - 1n] : [])];
  const reserved = Object.values(one.reserved ?? {});
  if (
    [one.gateway, ...reserved, ...ends.map((number) => addressText(subnet.version, number))].includes(asked)
  )
    throw new PodError({
      code: 'usage',
      message: `cannot give the address ${asked}`,
      why: `network ${network.name} needs it itself`,
    });
  const holder = leases(paths, network.name).get(asked);
  if (holder === undefined && take(paths, network.name, asked, id)) return asked;
  throw new PodError({
    code: 'conflict',
    message: `cannot give the address ${asked}`,
    why: `container ${(holder ?? '').slice(0, 12)} has it`,
    hint: 'choose another, or leave --ip out',
  });
}

/**
 * One address of each subnet for a container, with its prefix: `10.89.0.2/24`. `asked`: those that it must be. What was
 * given before an error is given back.
 */
export function giveAddresses(
  paths: Paths,
  network: NetworkRecord,
  id: string,
  asked: readonly string[],
): string[] {
  for (const address of asked)
    if (!network.subnets.some(({ subnet }) => contains(parseSubnet(subnet)!, address)))
      throw new PodError({
        code: 'usage',
        message: `cannot give the address ${address}`,
        why: `network ${network.name} has ${network.subnets.map(({ subnet }) => subnet).join(' and ')}`,
      });
  const given: string[] = [];
  try {
    for (const one of network.subnets) {
      const subnet = parseSubnet(one.subnet)!;
      const wish = asked.find((address) => contains(subnet, address));
      given.push(
        wish === undefined ? giveOne(paths, network, one, id) : takeAsked(paths, network, one, wish, id),
      );
    }
  } catch (error) {
    for (const address of given) releaseAddress(paths, network.name, address, id);
    throw error;
  }
  return given.map((address, index) => `${address}/${parseSubnet(network.subnets[index]!.subnet)!.prefix}`);
}

export function releaseAddress(paths: Paths, name: string, address: string, id: string): void {
  release(leaseOf(paths, name, address), id);
}

/** All addresses of a container that is removed. */
export function releaseAddresses(
  paths: Paths,
  { id, network }: Pick<ContainerRecord, 'id' | 'network'>,
): void {
  for (const { name, addresses } of network.networks ?? [])
    for (const address of addresses) releaseAddress(paths, name, address, id);
}
