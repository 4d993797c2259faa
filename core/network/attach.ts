import { bareAddress } from '../../netns/address.ts';
import type { BridgeWish } from '../../netns/bridge-options.ts';
import type { BridgePlace } from '../../netns/network-files.ts';
import type { PortRequest } from '../../netns/port.ts';
import { addressNumber } from '../../netns/subnet.ts';
import type { NetworkAttachment } from '../container/record.ts';
import { PodError } from '../error.ts';
import type { Paths } from '../paths.ts';
import { findBridge } from './find.ts';
import { giveAddresses, releaseAddress } from './leases.ts';
import { placeOf } from './place.ts';
import type { NetworkRecord } from './store.ts';

const TOOL_FAILED = 125;

/** Refuses networks that aren't there. */
export async function checkNetworks(paths: Paths, wishes: readonly BridgeWish[]): Promise<void> {
  for (const { network } of wishes) await findBridge(paths, network, TOOL_FAILED);
}

/**
 * Locally administered, one station's: IEEE 802. The same for the same address of a network: else the others would go on
 * for seconds to send to whoever had it before, arp(7).
 */
function macOf(network: NetworkRecord, addresses: readonly string[]): string {
  const number = addressNumber(bareAddress(addresses[0]!))!;
  const low = [24n, 16n, 8n, 0n].map((shift) => Number((number >> shift) & 0xffn));
  const bytes = [0x02, Number.parseInt(network.id.slice(0, 2), 16), ...low];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function freeInterface(taken: readonly NetworkAttachment[]): string {
  for (let index = 0; ; index++)
    if (!taken.some((one) => one.interface === `eth${index}`)) return `eth${index}`;
}

/** Leases addresses in one network for a container that is in those of `others`. */
export function attachTo(
  paths: Paths,
  id: string,
  network: NetworkRecord,
  wish: BridgeWish,
  others: readonly NetworkAttachment[],
): NetworkAttachment {
  const refuse = (why: string) =>
    new PodError({ code: 'usage', message: `cannot use network ${network.name}`, why });
  if (others.some((other) => other.id === network.id)) throw refuse('the container is in it already');
  if (wish.interface !== undefined && others.some((other) => other.interface === wish.interface))
    throw refuse(`the container has an interface ${wish.interface}`);
  const addresses = giveAddresses(paths, network, id, wish.addresses);
  return {
    name: network.name,
    id: network.id,
    interface: wish.interface ?? freeInterface(others),
    mac: wish.mac ?? macOf(network, addresses),
    addresses,
    aliases: [...new Set(wish.aliases)],
  };
}

/** Leases addresses in all the networks that a new container is to be in; with an error, in none. */
export async function attach(
  paths: Paths,
  id: string,
  wishes: readonly BridgeWish[],
  publish: readonly PortRequest[],
): Promise<{ networks: NetworkAttachment[]; place: BridgePlace }> {
  const records: NetworkRecord[] = [];
  for (const { network } of wishes) records.push(await findBridge(paths, network, TOOL_FAILED));
  if (publish.length > 0 && records.every(({ internal }) => internal))
    throw new PodError({
      code: 'usage',
      message: 'cannot publish ports',
      why: `network ${records[0]!.name} is internal`,
    });
  const attached: NetworkAttachment[] = [];
  try {
    for (const [index, wish] of wishes.entries())
      attached.push(attachTo(paths, id, records[index]!, wish, attached));
  } catch (error) {
    for (const { name, addresses } of attached)
      for (const address of addresses) releaseAddress(paths, name, address, id);
    throw error;
  }
  return { networks: attached, place: placeOf({ networks: records, attached }) };
}
