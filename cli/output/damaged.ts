import type { NamedKind, TellDamaged } from '../../core/named.ts';
import { shortId } from './units.ts';

/** A list goes on without what is damaged, and says so. */
export function warnOfDamaged(kind: NamedKind, warn: (text: string) => void): TellDamaged {
  return (id, { message, why, hint }) => {
    const warning = `Warning: ${kind} ${shortId(id)} is damaged: ${message}: ${why}`;
    warn(hint === undefined ? warning : `${warning}\n${hint}`);
  };
}
