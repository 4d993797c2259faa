/** Platforms of images: the host's, those people type, and the choice from a list (OCI image-spec, image-index.md). */

import { PodError } from './error.ts';
import { printable } from './reference.ts';

export interface Platform {
  readonly os: string;
  /** A GOARCH: amd64, arm64, arm, riscv64. */
  readonly architecture: string;
  /** "v7" for arm, "v3" for amd64; undefined is the architecture's base line. */
  readonly variant?: string | undefined;
}

const GO_ARCHITECTURES: Record<string, string> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
};

const SPELLINGS = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['i386', '386'],
  ['i686', '386'],
  ['aarch64', 'arm64'],
  ['armhf', 'arm/v7'],
  ['armel', 'arm/v6'],
]);

/** Variants that run where the key runs, best first. "" stands for none given. */
const RUNS: Record<string, readonly string[]> = {
  'amd64/': ['', 'v1'],
  'amd64/v2': ['v2', '', 'v1'],
  'amd64/v3': ['v3', 'v2', '', 'v1'],
  'amd64/v4': ['v4', 'v3', 'v2', '', 'v1'],
  'arm64/': ['', 'v8'],
  'arm64/v9': ['v9', '', 'v8'],
  'arm/': ['v7', 'v6', '', 'v5'],
  'arm/v7': ['v7', 'v6', '', 'v5'],
  'arm/v6': ['v6', '', 'v5'],
  'arm/v5': ['v5', ''],
};

/** Base-line variants carry no name: amd64/v1 and arm64/v8 are amd64 and arm64. */
function normalise(os: string, architecture: string, variant: string | undefined): Platform {
  const [arch = '', implied] = (
    SPELLINGS.get(architecture.toLowerCase()) ?? architecture.toLowerCase()
  ).split('/');
  let chosen = (variant ?? implied)?.toLowerCase();
  if (chosen !== undefined && /^[0-9]/.test(chosen)) chosen = `v${chosen}`;
  if ((arch === 'amd64' && chosen === 'v1') || (arch === 'arm64' && chosen === 'v8') || chosen === '') {
    chosen = undefined;
  }
  return { os: os.toLowerCase(), architecture: arch, ...(chosen === undefined ? {} : { variant: chosen }) };
}

/** The platform of this machine. */
export function hostPlatform(): Platform {
  const arch = GO_ARCHITECTURES[process.arch] ?? process.arch;
  if (arch !== 'arm') return { os: 'linux', architecture: arch };
  const variables = process.config.variables as { arm_version?: string };
  return { os: 'linux', architecture: 'arm', variant: `v${variables.arm_version ?? '7'}` };
}

/** Reads `--platform`: os/arch/variant, os/arch, or arch alone. Throws PodError `usage`. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  const wellFormed = parts.length <= 3 && parts.every((part) => /^[A-Za-z0-9_.-]{1,32}$/.test(part));
  if (!wellFormed) {
    throw new PodError({
      code: 'usage',
      message: `invalid platform "${printable(text)}"`,
      hint: 'write os/arch or os/arch/variant: linux/amd64, linux/arm64, linux/arm/v7',
    });
  }
  const [first = '', second, third] = parts;
  if (second === undefined) {
    return first === 'linux' ? hostPlatform() : normalise('linux', first, undefined);
  }
  return normalise(first, second, third);
}

/** "linux/arm/v7". */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = platform;
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** How well an offer runs on what is wanted: 0 is best, undefined not at all. */
function rank(offer: Platform, wanted: Platform): number | undefined {
  const has = normalise(offer.os, offer.architecture, offer.variant);
  const want = normalise(wanted.os, wanted.architecture, wanted.variant);
  if (has.os !== want.os || has.architecture !== want.architecture) return undefined;
  const order = RUNS[`${want.architecture}/${want.variant ?? ''}`] ?? [want.variant ?? ''];
  const place = order.indexOf(has.variant ?? '');
  return place < 0 ? undefined : place;
}

/** Whether an image for `offer` is what someone who asks for `wanted` may get. */
export function platformMatches(offer: Platform, wanted: Platform): boolean {
  return rank(offer, wanted) !== undefined;
}

/** The entry of a list that fits best; the first of equals, as the list's author ordered them. */
export function choosePlatform<T extends { platform?: Platform | undefined }>(
  entries: readonly T[],
  wanted: Platform,
): T | undefined {
  let best: T | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const place = entry.platform === undefined ? undefined : rank(entry.platform, wanted);
    if (place !== undefined && place < bestRank) {
      best = entry;
      bestRank = place;
    }
  }
  return best;
}

/** The hint of an error about a platform that isn't in a list: those that are, less what BuildKit notes as unknown/unknown. */
export function offerHint(entries: readonly { platform?: Platform | undefined }[]): string | undefined {
  const offers = entries.flatMap(({ platform }) =>
    platform && platform.os !== 'unknown' ? [formatPlatform(platform)] : [],
  );
  return offers.length === 0
    ? undefined
    : printable(`it is there for ${[...new Set(offers)].join(', ')}`, 200);
}
