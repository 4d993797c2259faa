import { join } from 'node:path';
import type { OciMount } from '../../../rootless/oci-spec.ts';
import type { Paths } from '../../paths.ts';
import { readLocalOptions, type VolumeKind } from '../../volume/local-options.ts';
import { type NewVolume, readVolume, volumeData } from '../../volume/store.ts';
import { newId } from '../name.ts';
import type { VolumeUse } from '../record.ts';
import { isIdmap } from './idmap.ts';
import { type MountRequest, refuse } from './request.ts';
import { tmpfsOptions } from './tmpfs-flag.ts';
import { isPropagation } from './words.ts';

/** How a volume becomes a mount. */
export interface VolumeMount {
  mount: OciMount;
  use: VolumeUse;
  /** Made unless it is there. */
  wanted: NewVolume;
  /** The directory that it is, on the host; undefined for memory. */
  data: string | undefined;
}

/** A volume as the mount that its options and the request make of it. */
export function volumeMount(request: MountRequest, paths: Paths): VolumeMount {
  const { destination, subpath, labels, options: words, volumeOptions: options } = request;
  const name = request.source ?? newId();
  const anonymous = request.source === undefined || request.anonymous === true;
  const volume = readVolume(paths, name);
  const kind = readLocalOptions(volume?.options ?? options ?? {});
  const wanted = { name, anonymous, ...(labels && { labels }), ...(options && { options }) };
  const use = { name, destination, anonymous, ...(words.includes('ro') && { readOnly: true }) };
  if (kind.kind === 'tmpfs')
    return { mount: inMemory(request, kind, name), use: { ...use, memory: true }, wanted, data: undefined };
  const data = kind.device ?? volumeData(paths, name);
  const source = subpath === undefined ? data : join(data, subpath);
  const fill = !request.nocopy && !kind.nocopy && subpath === undefined;
  return {
    mount: { destination, type: 'bind', source, options: optionsOf(request, kind) },
    use: {
      ...use,
      ...(kind.device && { source: data }),
      ...(subpath && { subpath }),
      ...(fill && { fill, ...(kind.owner && { owner: kind.owner }) }),
    },
    wanted,
    data,
  };
}

/** What the mount asks for goes before what the volume does. */
function optionsOf({ options }: MountRequest, { words }: VolumeKind): string[] {
  const own = words.filter((word) => word !== 'bind' && word !== 'rbind' && word !== 'rw');
  const asked = own.some(isPropagation) ? options.filter((word) => word !== 'rprivate') : options;
  return [...new Set([...asked, ...own])];
}

function inMemory(request: MountRequest, { words, nocopy }: VolumeKind, name: string): OciMount {
  const { asked, destination, options, overlay, subpath } = request;
  if (overlay || subpath !== undefined)
    throw refuse(asked, `the volume ${name} is a tmpfs: there is nothing below it before a container runs`);
  if (options.some(isIdmap))
    throw refuse(asked, `idmap: the volume ${name} is a tmpfs, whose files are the container's`);
  const access = options.filter((word) => word !== 'rbind' && word !== 'bind' && !isPropagation(word));
  const copies = request.nocopy || nocopy ? ['notmpcopyup'] : [];
  const usual = ['nosuid', 'nodev', 'mode=0755', 'tmpcopyup'];
  return {
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: tmpfsOptions([...words, ...access, ...copies], usual),
  };
}
