import type { ContainerRecord } from './record.ts';

/** The networks that a container is in by name; its mode where that is none of the user's own. */
export function networkNames({ network }: Pick<ContainerRecord, 'network'>): string[] {
  return network.networks?.map(({ name }) => name) ?? [network.mode];
}
