import { readIndex } from '../core/images/layout.ts';
import { adding, localMembers, type MemberChange, remoteMembers } from '../core/images/lists/list-members.ts';
import type { ListChange } from '../core/images/lists/manifest-list.ts';
import type { PlaceOptions } from '../core/images/pull/places.ts';
import { withAuthFile } from './auth-flags.ts';
import { Option, PodCommand } from './command.ts';
import { parseKeyValues } from './parse.ts';
import { pathsOf } from './paths.ts';
import { readCredentials } from './registry-flags.ts';

/** The `manifest` commands that may ask a registry. */
export abstract class ListCommand extends PodCommand {
  authfile = Option.String('--authfile', { description: 'Take credentials from this `file`' });
  certDir = Option.String('--cert-dir', { description: 'Certificates from this `directory`' });
  creds = Option.String('--creds', { description: 'Log in as this user (`user[:password]`)' });
  insecure = Option.Boolean('--insecure', false, { description: 'As --tls-verify=false' });
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates' });

  /** How registries are asked. */
  protected async places(): Promise<PlaceOptions> {
    return {
      env: withAuthFile(this.context.env, this.authfile),
      certDir: this.certDir,
      tlsVerify: this.insecure ? false : this.tlsVerify,
      credentials: this.creds === undefined ? undefined : await readCredentials(this.creds, this.context),
      onNotice: (text) => this.warn(text),
    };
  }

  /** What adds images to a list: those of the store as they are then, all others from where their names say. */
  protected async addition(
    images: readonly string[],
    all: boolean,
    told: MemberChange = {},
  ): Promise<ListChange> {
    const paths = pathsOf(this);
    const index = readIndex(paths);
    const places = await this.places();
    const found: ListChange[] = [];
    for (const image of images) {
      const here = !image.startsWith('docker://') && localMembers(paths, index, image, all) !== undefined;
      const remote = here ? [] : await remoteMembers(image, all, places);
      found.push(adding((now) => (here ? (localMembers(paths, now, image, all) ?? []) : remote), told));
    }
    return (members, now) => found.reduce((list, change) => change(list, now), members);
  }
}

/** Flags that tell about one image of a list. */
export abstract class MemberCommand extends ListCommand {
  annotation = Option.Array('--annotation', [], { description: 'Note `key=value` with it' });
  arch = Option.String('--arch', { description: 'It is for this `architecture`' });
  features = Option.Array('--features', [], { description: 'It needs this `feature` of the processor' });
  os = Option.String('--os', { description: 'It is for this `system`' });
  osFeatures = Option.Array('--os-features', [], { description: 'It needs this `feature` of the system' });
  osVersion = Option.String('--os-version', { description: 'It is for this `version` of the system' });
  variant = Option.String('--variant', { description: 'It is for this `variant` of the architecture' });

  protected told(): MemberChange {
    const words = (list: readonly string[]) =>
      list.flatMap((one) => one.split(',')).filter((one) => one !== '');
    return {
      os: this.os,
      architecture: this.arch,
      variant: this.variant,
      osVersion: this.osVersion,
      osFeatures: words(this.osFeatures),
      features: words(this.features),
      annotations: parseKeyValues(this.annotation),
    };
  }
}
