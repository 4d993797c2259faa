import { DOCKER_MANIFEST } from '../../core/images/format/media-types.ts';
import { type FoundManifest, findManifest, manifestsWithin } from '../../core/images/lists/manifest-of.ts';
import { Option } from '../command.ts';
import { ListCommand } from '../list-command.ts';
import { escapeInJson } from '../output/escape.ts';
import { pathsOf } from '../paths.ts';

/** As `docker manifest inspect --verbose`. */
function detailed({ ref, descriptor, bytes }: FoundManifest): object {
  const { mediaType, digest, size, platform } = descriptor;
  const field = mediaType === DOCKER_MANIFEST ? 'SchemaV2Manifest' : 'OCIManifest';
  return {
    Ref: ref,
    Descriptor: { mediaType, digest, size, ...(platform && { platform }) },
    Raw: bytes.toString('base64'),
    [field]: JSON.parse(bytes.toString()),
  };
}

export class ManifestInspect extends ListCommand {
  static override usage = { description: 'Show a list, or what a registry has under a name' };

  verbose = Option.Boolean('-v,--verbose', false, { description: 'Show the images of a list, too' });
  name = Option.String({ name: 'list' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const places = await this.places();
    const found = await findManifest(paths, this.name, places);
    const value = this.verbose
      ? (await manifestsWithin(paths, found, places)).map(detailed)
      : JSON.parse(found.bytes.toString());
    const whole = Array.isArray(value) && found.parsed.kind === 'manifest' ? value[0] : value;
    this.printLine(escapeInJson(JSON.stringify(whole, null, 4)));
    return 0;
  }
}
