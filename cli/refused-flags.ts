import { PodError } from '../core/error.ts';

interface Refusal {
  readonly reason: string;
  readonly hint: string;
}

const SIGNING: Refusal = {
  reason: 'cannot make signatures of sigstore: tsc-pod keeps no keys',
  hint: 'sign what was pushed: cosign sign IMAGE@DIGEST; or push --sign-by with a key of gpg',
};

/** By properties of a command. */
export const NO_SIGSTORE = {
  signBySigstore: SIGNING,
  signBySigstoreKey: SIGNING,
  signPassphraseFile: SIGNING,
} as const;

/** Throws PodError `unsupported` where a property that is refused, or one value of it ("name=value"), was given. */
export function refuseFlags(command: object, refused: Readonly<Record<string, Refusal>>): void {
  for (const [flag, { reason, hint }] of Object.entries(refused)) {
    const [name, value] = flag.split('=') as [string, string?];
    const given = (command as Record<string, unknown>)[name];
    if (given === undefined || (value !== undefined && given !== value)) continue;
    throw new PodError({ code: 'unsupported', message: reason, hint });
  }
}
