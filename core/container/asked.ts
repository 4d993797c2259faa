import type { ContainerOptions } from './options.ts';

/**
 * What the user asked for, in his own words, as `inspect` shows it: the options that differ from their defaults. What
 * may hold secrets (the environment) is in config.json alone.
 */
export type AskedOptions = Partial<Omit<ContainerOptions, (typeof LEFT_OUT)[number]>>;

const LEFT_OUT = [
  'env',
  'envFile',
  'image',
  'command',
  'name',
  'label',
  'labelFile',
  'annotation',
  'inPod',
] as const satisfies (keyof ContainerOptions)[];

export function askedOptions(options: ContainerOptions): AskedOptions {
  const asked = Object.entries(options).filter(
    ([key, value]) => !LEFT_OUT.some((one) => one === key) && isSet(value),
  );
  return Object.fromEntries(asked.map(([key, value]) => [key, key === 'resources' ? given(value) : value]));
}

function given(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => isSet(value)));
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'object' && value !== null) return Object.values(value).some(isSet);
  return value !== undefined && value !== false;
}
