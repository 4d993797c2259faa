import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BridgeWish, parseAlias, parseIp, parseMac } from '../../netns/bridge-options.ts';
import { runLauncher } from '../../rootless/launcher.ts';
import { type Operation, replaceOperations } from '../../rootless/plan.ts';
import type { HostFacts } from '../container/facts.ts';
import type { ContainerRecord, NetworkAttachment } from '../container/record.ts';
import { changeContainer, replaceFile, replaceRecord } from '../container/replace.ts';
import { containerState, isUp } from '../container/state.ts';
import { containerDirectory, runtimeDirectory } from '../container/store.ts';
import { PodError } from '../error.ts';
import { emitEvent } from '../events.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { attachTo } from './attach.ts';
import { findNetwork } from './find.ts';
import { releaseAddress } from './leases.ts';
import { attachOperation, bridgeOperations, findUplink, hubDirectory } from './operations.ts';
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

function askHub(paths: Paths, { id }: ContainerRecord, wish: Operation): void {
  const runtime = runtimeDirectory(paths, id);
  runLauncher(launcherPath(), 'hub-ask', [
    ['hub', hubDirectory(paths), ''],
    ['container', id, containerDirectory(paths, id)],
    ['target-state', join(runtime, 'state')],
    wish,
  ]);
}

/** What is stored, and what the monitor starts anew by. */
async function store({ paths, host }: NetworkContext, record: ContainerRecord): Promise<void> {
  replaceRecord(paths, record);
  const file = join(runtimeDirectory(paths, record.id), 'plan');
  if (!existsSync(file)) return;
  const { operations } = await bridgeOperations(paths, host, record);
  const replaced = (name: string) => ['hub', 'hub-attach', 'network-api'].includes(name);
  replaceFile(file, replaceOperations(readFileSync(file, 'utf8'), replaced, operations));
}

function tell(paths: Paths, { name, id }: NetworkRecord, action: string, record: ContainerRecord): void {
  const attributes = { name, type: 'bridge', container: record.id };
  emitEvent(paths, { type: 'network', action, id, attributes });
}

function checked({ network, addresses, mac, aliases }: BridgeWish): BridgeWish {
  return {
    network,
    addresses: addresses.map((address) => parseIp('--ip', address)),
    mac: mac === undefined ? undefined : parseMac('--mac-address', mac),
    aliases: aliases.map((alias) => parseAlias('--alias', alias)),
  };
}

/** Puts a container into one more network, at once if it runs. `asked` as typed. */
export async function connectNetwork(
  context: NetworkContext,
  asked: BridgeWish,
  container: string,
): Promise<void> {
  const { paths } = context;
  const wish = checked(asked);
  const network = await findNetwork(paths, wish.network);
  const program = network.internal ? undefined : await findUplink(paths);
  await changeContainer(paths, container, async (record) => {
    const others = attachmentsOf(record);
    const attachment = attachTo(paths, record.id, network, wish, others);
    try {
      const next = { ...record, network: { ...record.network, networks: [...others, attachment] } };
      if (isUp(containerState(paths, record).status))
        askHub(
          paths,
          record,
          attachOperation(record, network, attachment, { program, routed: !network.internal }),
        );
      await store(context, next);
    } catch (error) {
      for (const address of attachment.addresses) releaseAddress(paths, network.name, address, record.id);
      throw error;
    }
    tell(paths, network, 'connect', record);
  });
}

/** Takes a container out of a network. `force`: also where the hub doesn't know of it. */
export async function disconnectNetwork(
  context: NetworkContext,
  wish: string,
  container: string,
  force: boolean,
): Promise<void> {
  const { paths } = context;
  const network = await findNetwork(paths, wish);
  await changeContainer(paths, container, async (record) => {
    const all = attachmentsOf(record);
    const attachment = all.find(({ id }) => id === network.id);
    if (!attachment)
      throw new PodError({
        code: 'conflict',
        message: `cannot disconnect ${record.name} from ${network.name}`,
        why: 'it is not in that network',
      });
    if (isUp(containerState(paths, record).status))
      try {
        askHub(paths, record, leaveOperation(record, network, attachment));
      } catch (error) {
        if (!force) throw error;
      }
    const networks = all.filter((one) => one !== attachment);
    await store(context, { ...record, network: { ...record.network, networks } });
    for (const address of attachment.addresses) releaseAddress(paths, network.name, address, record.id);
    tell(paths, network, 'disconnect', record);
  });
}

function leaveOperation(
  record: ContainerRecord,
  network: NetworkRecord,
  attachment: NetworkAttachment,
): Operation {
  const [, ...words] = attachOperation(record, network, attachment, { program: undefined, routed: false });
  return ['hub-detach', ...words];
}
