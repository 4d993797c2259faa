import type { HostFacts } from '../container/facts.ts';
import type { ContainerRecord } from '../container/record.ts';
import { namesIn } from '../names-in.ts';
import { releaseAddress, staleLeases } from '../network/leases.ts';
import { lostDevices, reloadNetworks } from '../network/reload.ts';
import { networkDirectory, readNetwork } from '../network/store.ts';
import type { Paths } from '../paths.ts';
import { type Finding, moveAside, reasonOf } from './finding.ts';

function checkRecord(paths: Paths, name: string): Finding[] {
  try {
    readNetwork(paths, name);
    return [];
  } catch (error) {
    return [
      {
        type: 'network',
        id: name,
        problem: `its network.json can't be used: ${reasonOf(error)}`,
        repair: 'move it to lost+found',
        mend: () => moveAside(paths, networkDirectory(paths, name), 'network'),
      },
    ];
  }
}

/** Of containers that are gone; a lease of one that is there counts (core/network/leases.ts). */
function checkLeases(paths: Paths, name: string): Finding[] {
  return staleLeases(paths, name).map(({ address, id }) => ({
    type: 'lease',
    id: `${name}/${address}`,
    problem: 'the container that has it is gone',
    repair: 'take it back',
    mend: () => releaseAddress(paths, name, address, id),
  }));
}

/** Networks that can't be read, addresses that nobody has, and containers that have lost their hub. */
export function checkNetworks(
  paths: Paths,
  host: () => HostFacts,
  records: readonly ContainerRecord[],
): Finding[] {
  const names = namesIn(paths.networks).filter((name) => !name.startsWith('.'));
  return [
    ...names.flatMap((name) => [...checkRecord(paths, name), ...checkLeases(paths, name)]),
    ...records.flatMap((record) => {
      const lost = lostDevices(paths, record);
      if (lost.length === 0) return [];
      return [
        {
          type: 'container',
          id: record.id,
          problem: `it runs without its network device ${lost.join(', ')}`,
          repair: 'bring it back into its networks',
          mend: () => reloadNetworks({ paths, host: host() }, record),
        },
      ];
    }),
  ];
}
