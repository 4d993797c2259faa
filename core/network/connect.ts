import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BridgeWish,
  parseAlias,
  parseEndpointOptions,
  parseIp,
  parseMac,
} from '../../netns/bridge-options.ts';
import { encodePlan, type Operation, replaceOperations } from '../../rootless/plan.ts';
import { replaceFile } from '../aside.ts';
import { writeSubject } from '../container/events.ts';
import type { HostFacts } from '../container/facts.ts';
import type { ContainerRecord, NetworkAttachment } from '../container/record.ts';
import { changeContainer, replaceRecord } from '../container/replace.ts';
import { containerState, isUp } from '../container/state.ts';
import { containerDirectory, runtimeDirectory } from '../container/store.ts';
import { PodError } from '../error.ts';
import { emitEvent } from '../events.ts';
import type { Paths } from '../paths.ts';
import { askHub } from './ask-hub.ts';
import { attachTo } from './attach.ts';
import { updateContainerFiles } from './container-files.ts';
import { findBridge } from './find.ts';
import { releaseAddress } from './leases.ts';
import { defaultRoutes, type Membership, membershipOf } from './membership.ts';
import { attachOperation, type BridgeOperations, bridgeOperations, hubChanges } from './operations.ts';
import type { NetworkRecord } from './store.ts';

export interface NetworkContext {
  paths: Paths;
  host: HostFacts;
}

/** Its user namespace must be within the hub's, which only that of a container made in a bridge network is. */
function attachmentsOf(record: ContainerRecord): NetworkAttachment[] {
  if (record.network.networks) return record.network.networks;
  throw new PodError({
    code: 'conflict',
    message: `cannot change the networks of ${record.name}`,
    why: `it was made with --network ${record.network.mode}`,
    hint: 'make it anew with --network bridge, or that of another network',
  });
}

const runs = (paths: Paths, record: ContainerRecord): boolean => isUp(containerState(paths, record).status);

function storeRecord(paths: Paths, record: ContainerRecord): void {
  replaceRecord(paths, record);
  writeSubject(containerDirectory(paths, record.id), record);
}

/** What the monitor starts anew by (plan), and comes back into networks by that were lost (networks). */
function storePlan(paths: Paths, { id }: ContainerRecord, { operations }: BridgeOperations): void {
  const runtime = runtimeDirectory(paths, id);
  if (!existsSync(runtime)) return;
  const container = ['container', id, containerDirectory(paths, id)];
  replaceFile(join(runtime, 'networks'), encodePlan('run', [container, ...operations]));
  const file = join(runtime, 'plan');
  if (!existsSync(file)) return;
  const replaced = (name: string) => ['hub', 'hub-attach', 'publish', 'publish-to'].includes(name);
  replaceFile(file, replaceOperations(readFileSync(file, 'utf8'), replaced, operations));
}

function withNetworks(record: ContainerRecord, networks: NetworkAttachment[]): ContainerRecord {
  return { ...record, network: { ...record.network, networks } };
}

/** What a container that runs needs where another network leads out now: default routes by those that it is in already. */
function redirected(before: Membership, all: BridgeOperations): Operation[] {
  const { networks } = all.membership;
  const known = defaultRoutes(before.networks).map(({ gateway }) => gateway);
  const changed = defaultRoutes(networks).filter(({ gateway }) => !known.includes(gateway));
  const lead = (id: string | undefined): boolean =>
    changed.some((route) => route.id === id) && before.networks.some((network) => network.id === id);
  return hubChanges(all).filter(([, id]) => lead(id));
}

function tell(paths: Paths, { name, id }: NetworkRecord, action: string, record: ContainerRecord): void {
  const attributes = { name, type: 'bridge', container: record.id };
  emitEvent(paths, { type: 'network', action, id, attributes });
}

/** As typed. */
export interface ConnectWish extends Omit<BridgeWish, 'interface'> {
  driverOptions: string[];
}

function checked({ network, addresses, mac, aliases, driverOptions }: ConnectWish): BridgeWish {
  return {
    network,
    addresses: addresses.map((address) => parseIp('--ip', address)),
    mac: mac === undefined ? undefined : parseMac('--mac-address', mac),
    aliases: aliases.map((alias) => parseAlias('--alias', alias)),
    interface: parseEndpointOptions(driverOptions),
  };
}

/** Puts a container into one more network, at once if it runs. */
export async function connectNetwork(
  { paths, host }: NetworkContext,
  asked: ConnectWish,
  container: string,
): Promise<void> {
  const wish = checked(asked);
  const network = await findBridge(paths, wish.network);
  await changeContainer(paths, container, async (record) => {
    const others = attachmentsOf(record);
    const attachment = attachTo(paths, record.id, network, wish, others);
    const before = membershipOf(paths, record);
    try {
      const next = withNetworks(record, [...others, attachment]);
      const all = await bridgeOperations(paths, host, next);
      const own = all.operations.filter(([name, id]) => name === 'hub-attach' && id === network.id);
      if (runs(paths, record)) askHub(paths, record, [...own, ...redirected(before, all)]);
      storeRecord(paths, next);
      storePlan(paths, record, all);
      updateContainerFiles(paths, record, before, all.membership);
    } catch (error) {
      for (const address of attachment.addresses) releaseAddress(paths, network.name, address, record.id);
      throw error;
    }
    tell(paths, network, 'connect', record);
  });
}

/** Takes a container out of a network. `force`: also where the hub doesn't know of it. */
export async function disconnectNetwork(
  { paths, host }: NetworkContext,
  wish: string,
  container: string,
  force: boolean,
): Promise<void> {
  const network = await findBridge(paths, wish);
  await changeContainer(paths, container, async (record) => {
    const attached = attachmentsOf(record);
    const attachment = attached.find(({ id }) => id === network.id);
    if (!attachment)
      throw new PodError({
        code: 'conflict',
        message: `cannot disconnect ${record.name} from ${network.name}`,
        why: 'it is not in that network',
      });
    const before = membershipOf(paths, record);
    const next = withNetworks(
      record,
      attached.filter((one) => one !== attachment),
    );
    const all = await bridgeOperations(paths, host, next);
    const leave = leaveOperation(record, network, attachment);
    if (runs(paths, record))
      try {
        askHub(paths, record, [leave, ...redirected(before, all)]);
      } catch (error) {
        if (!force) throw error;
      }
    storeRecord(paths, next);
    storePlan(paths, record, all);
    updateContainerFiles(paths, record, before, all.membership);
    for (const address of attachment.addresses) releaseAddress(paths, network.name, address, record.id);
    tell(paths, network, 'disconnect', record);
  });
}

function leaveOperation(
  record: ContainerRecord,
  network: NetworkRecord,
  attachment: NetworkAttachment,
): Operation {
  const [, ...words] = attachOperation(record, network, attachment, { program: undefined, routes: [] });
  return ['hub-detach', ...words];
}

/** Tells its networks the name that a container has now. Where the hub doesn't run, its next start does. */
export async function renameInNetworks(
  { paths, host }: NetworkContext,
  record: ContainerRecord,
): Promise<void> {
  const all = await bridgeOperations(paths, host, record);
  storePlan(paths, record, all);
  if (!runs(paths, record)) return;
  try {
    askHub(paths, record, hubChanges(all));
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
  }
}
