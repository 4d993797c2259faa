import { createHash } from 'node:crypto';
import type { NetworkRecord } from './store.ts';

/** The network that is always there, as docker's. */
export const DEFAULT_NETWORK = 'bridge';

/** Made by nobody: listed and looked at as docker's, so that scripts find them. No container is connected to them later. */
const MODES = [
  ['host', 'host'],
  ['none', 'null'],
] as const;

export function modeNetworks(): NetworkRecord[] {
  return MODES.map(([name, driver]) => ({
    name,
    id: createHash('sha256').update(name).digest('hex'),
    created: '0001-01-01T00:00:00Z',
    driver,
    subnets: [],
    internal: false,
    ipv6: false,
    dns: false,
    labels: {},
    options: {},
  }));
}

/** Whether it is always there, and so neither removed nor pruned. */
export function isPredefined({ name }: Pick<NetworkRecord, 'name'>): boolean {
  return name === DEFAULT_NETWORK || MODES.some(([mode]) => mode === name);
}
