/** What can be put into a list of images for several platforms: images of the store and of registries. */

import { PodError } from '../../error.ts';
import { choosePlatform, formatPlatform, hostPlatform, type Platform } from '../../platform.ts';
import {
  canonicalName,
  type ImageReference,
  parseReference,
  printable,
  repositoryName,
} from '../../reference.ts';
import { isList, readRecord, sourcesOf } from '../entry.ts';
import { findEntry } from '../find.ts';
import { parseDigest } from '../format/digest.ts';
import { parseImageConfig } from '../format/image-config.ts';
import { parseAnyManifest } from '../format/manifest.ts';
import { isIndexType } from '../format/media-types.ts';
import type { Descriptor, ImageConfig, Index } from '../format/types.ts';
import { blobSize, type StorePaths } from '../layout.ts';
import { listMembers } from '../list.ts';
import { type Place, type PlaceOptions, searchPlaces } from '../pull/places.ts';
import type { ListChange, Member } from './manifest-list.ts';

/** What is told about a member beside what its image says. */
export interface MemberChange {
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly osFeatures?: readonly string[];
  readonly features?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

const CONFIG_LIMIT = 8 << 20;

type Offered = Descriptor['platform'];

function platformOf(config: ImageConfig): Offered {
  const { os, architecture, variant } = config;
  if (os === '' && architecture === '') return undefined;
  const version = config['os.version'];
  return { os, architecture, ...(variant && { variant }), ...(version && { 'os.version': version }) };
}

/**
 * The members that a local image or list gives: itself, or of a list the one for this machine, with `all` all of them.
 * Undefined where the store has no such image.
 */
export function localMembers(
  paths: Pick<StorePaths, 'images'>,
  index: Index,
  text: string,
  all: boolean,
): Member[] | undefined {
  const entry = findEntry(paths, index, text);
  if (entry === undefined) return undefined;
  if (isList(entry)) {
    const sources = sourcesOf(entry);
    const members = listMembers(paths, entry);
    const chosen = all ? members : [chooseMember(members, hostPlatform(), text)];
    return chosen.map((descriptor) => ({ descriptor, source: sources.get(descriptor.digest) }));
  }
  const { digest, mediaType, config } = readRecord(paths, entry, []);
  const platform = platformOf(config);
  const size = blobSize(paths, digest) ?? 0;
  return [{ descriptor: { mediaType, digest, size, ...(platform && { platform }) } }];
}

function chooseMember(members: readonly Descriptor[], platform: Platform, text: string): Descriptor {
  const chosen = choosePlatform(members, platform);
  if (chosen !== undefined) return chosen;
  throw new PodError({
    code: 'not-found',
    message: `no image for ${formatPlatform(platform)} in list ${printable(text)}`,
    hint: 'add --all to take all of its images',
  });
}

/** The same of an image in a registry: of its manifest and, for its platform, its config nothing else is fetched. */
export function remoteMembers(text: string, all: boolean, options: PlaceOptions): Promise<Member[]> {
  const reference = parseReference(text);
  if (reference.kind !== 'registry')
    throw new PodError({
      code: 'unsupported',
      message: `cannot add ${printable(text)} to a list`,
      why: 'members are images of the store or of a registry',
      hint: `tsc-pod pull ${printable(text)}   # then add it by the name that it has here`,
    });
  return searchPlaces(reference, 'add', options, (place) => membersAt(place, text, all));
}

async function membersAt({ client, endpoint, name }: Place, text: string, all: boolean): Promise<Member[]> {
  const { digest: wanted, tag } = endpoint.reference;
  const { bytes, mediaType: announced, digest } = await client.manifest(wanted ?? tag ?? 'latest');
  const parsed = parseAnyManifest(bytes, announced, `image ${canonicalName(name)}`);
  const { mediaType } = parsed;
  if (parsed.kind === 'manifest') {
    const { config } = parsed.manifest;
    const read = parseImageConfig(
      await client.smallBlob(config.digest, config.size, CONFIG_LIMIT),
      `image ${canonicalName(name)}`,
    );
    const platform = platformOf(read);
    const descriptor = { mediaType, digest, size: bytes.length, ...(platform && { platform }) };
    return [{ descriptor, source: sourceName(name, digest) }];
  }
  const members = parsed.index.manifests.filter((member) => !isIndexType(member.mediaType));
  const chosen = all ? members : [chooseMember(members, hostPlatform(), text)];
  return chosen.map((descriptor) => ({ descriptor, source: sourceName(name, descriptor.digest) }));
}

/** Where a member is, with the tag by which it was added: people call it that. */
function sourceName(name: ImageReference, digest: string): string {
  const tag = name.digest === undefined ? `:${name.tag ?? 'latest'}` : '';
  return `docker://${repositoryName(name)}${tag}@${digest}`;
}

/** A change that adds these, in the place of members that have the same digest. */
export function adding(added: (index: Index) => readonly Member[], told: MemberChange = {}): ListChange {
  return (members, index) => {
    const fresh = added(index).map((member) => withChange(member, told));
    const digests = new Set(fresh.map(({ descriptor }) => descriptor.digest));
    return [...members.filter(({ descriptor }) => !digests.has(descriptor.digest)), ...fresh];
  };
}

/** A member with another platform or more annotations. Fields that aren't told stay. */
export function withChange(member: Member, change: MemberChange): Member {
  const { os, architecture, variant, osVersion, osFeatures = [], features = [], annotations = {} } = change;
  const { platform: known, annotations: noted, ...descriptor } = member.descriptor;
  const platform = {
    ...(known ?? { os: '', architecture: '' }),
    ...(os !== undefined && { os }),
    ...(architecture !== undefined && { architecture }),
    ...(variant !== undefined && { variant }),
    ...(osVersion !== undefined && { 'os.version': osVersion }),
    ...(osFeatures.length > 0 && { 'os.features': [...osFeatures] }),
    ...(features.length > 0 && { features: [...features] }),
  };
  const all = { ...noted, ...annotations };
  return {
    ...member,
    descriptor: {
      ...descriptor,
      ...((known !== undefined || platform.os !== '' || platform.architecture !== '') && { platform }),
      ...(Object.keys(all).length > 0 && { annotations: all }),
    },
  };
}

/** The digest of the member that `text` means: a digest, a stored image, or the name by which it was added. */
export function memberDigest(
  paths: Pick<StorePaths, 'images'>,
  index: Index,
  members: readonly Member[],
  text: string,
): string {
  const digests = members.map(({ descriptor }) => descriptor.digest);
  const has = (digest: string): boolean => digests.includes(digest);
  if (has(text)) return text;
  const added = members.find(({ source }) => source !== undefined && isCalled(source, text));
  if (added !== undefined) return added.descriptor.digest;
  const local = /^sha\d+:/.test(text) ? undefined : localDigest(paths, index, text);
  if (local !== undefined && has(local)) return local;
  const byDigest = /@(sha\d+:[a-f0-9]+)$/.exec(text)?.[1];
  if (byDigest !== undefined && has(byDigest)) return byDigest;
  if (/^sha\d+:/.test(text)) parseDigest(text, 'a member of a list');
  throw new PodError({
    code: 'not-found',
    message: `no such image in the list: ${printable(text)}`,
    ...(digests.length > 0 && {
      hint: `it has ${digests.slice(0, 3).join(', ')}${digests.length > 3 ? ', …' : ''}`,
    }),
  });
}

function localDigest(paths: Pick<StorePaths, 'images'>, index: Index, text: string): string | undefined {
  const entry = findEntry(paths, index, text);
  return entry && !isList(entry) ? readRecord(paths, entry, []).digest : undefined;
}

function isCalled(source: string, text: string): boolean {
  const reference = parseReference(text);
  if (reference.kind !== 'registry') return false;
  const [bare] = source.replace('docker://', '').split('@');
  return bare === canonicalName(reference) || source === `docker://${canonicalName(reference)}`;
}
