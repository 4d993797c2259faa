/** Where an image may be fetched from: the rules of registries.conf applied to one reference. */

import { PodError } from '../error.ts';
import { canonicalName, type ImageReference, parseImageReference } from '../reference.ts';
import type { Mirror, RegistriesConfig, RegistryRule } from './registries-conf.ts';

/** One place to try: the repository under its own or a mirror's name. */
export interface Endpoint {
  readonly reference: ImageReference;
  /** Unverified certificates and plain HTTP are fine here. */
  readonly insecure: boolean;
  readonly mirror: boolean;
}

/** The places for a full reference, in the order to try them: mirrors, then the registry itself. */
export function endpointsOf(reference: ImageReference, config: RegistriesConfig): Endpoint[] {
  const rule = findRule(canonicalName(reference), config.rules);
  if (rule === undefined) return [{ reference, insecure: false, mirror: false }];
  if (rule.blocked) {
    const message = `registry ${rule.prefix} is blocked`;
    throw new PodError({ code: 'denied', message, why: 'registries.conf says so' });
  }
  const endpoints: Endpoint[] = rule.mirrors
    .filter((mirror) => serves(mirror, reference))
    .map(({ location, insecure }) => ({
      reference: rewritten(reference, rule.prefix, location),
      insecure,
      mirror: true,
    }));
  const isItself = rule.location === '' || rule.location === rule.prefix;
  const target = isItself ? reference : rewritten(reference, rule.prefix, rule.location);
  return [...endpoints, { reference: target, insecure: rule.insecure, mirror: false }];
}

function serves(mirror: Mirror, reference: ImageReference): boolean {
  if (mirror.use === 'all') return true;
  return (reference.digest !== undefined) === (mirror.use === 'digest-only');
}

/** The rule with the longest prefix that ends at a boundary of the name (`/`, `:`, `@` or its end). */
function findRule(name: string, rules: readonly RegistryRule[]): RegistryRule | undefined {
  let best: RegistryRule | undefined;
  for (const rule of rules) {
    if (matchLength(name, rule.prefix) === 0) continue;
    if (best === undefined || rule.prefix.length > best.prefix.length) best = rule;
  }
  return best;
}

/** How many characters of the name the prefix stands for; 0 when it doesn't match. */
function matchLength(name: string, prefix: string): number {
  if (prefix.startsWith('*.')) {
    // Any host below example.com, whatever its port.
    const host = name.split('/', 1)[0]!;
    return host.replace(/:\d+$/, '').endsWith(prefix.slice(1)) ? host.length : 0;
  }
  if (!name.startsWith(prefix)) return 0;
  const next = name[prefix.length];
  return next === undefined || next === '/' || next === ':' || next === '@' ? prefix.length : 0;
}

/** The name with the location in the prefix's place; where the prefix names a tag, so may the location. */
function rewritten(reference: ImageReference, prefix: string, location: string): ImageReference {
  const name = canonicalName(reference);
  const target = parseImageReference(location + name.slice(matchLength(name, prefix)));
  const bare = target.tag === undefined && target.digest === undefined;
  return { ...target, shortName: undefined, ...(bare && { tag: reference.tag, digest: reference.digest }) };
}

/** Whether registries.conf takes any certificate, and plain HTTP, of a registry ("quay.io") or a part of it. */
export function isInsecure(name: string, config: RegistriesConfig): boolean {
  return findRule(name, config.rules)?.insecure ?? false;
}
