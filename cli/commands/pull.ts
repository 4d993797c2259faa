import type { Credentials } from '../../core/config/credentials.ts';
import { allTags } from '../../core/images/pull/all-tags.ts';
import { parseImageReference } from '../../core/reference.ts';
import { withAuthFile } from '../auth-flags.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { obtainImage } from '../obtain-image.ts';
import { platformText } from '../platform-flags.ts';
import { readCredentials } from '../registry-flags.ts';

export class Pull extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'Fetch images from a registry' };

  allTags = Option.Boolean('-a,--all-tags', false, { description: 'All tags of the repository' });
  arch = Option.String('--arch', { description: 'For this `architecture`' });
  authfile = Option.String('--authfile', { description: 'Credentials are in this `file`' });
  certDir = Option.String('--cert-dir', { description: 'Certificates from this `directory`' });
  creds = Option.String('--creds', { description: 'Log in as this user (`user[:password]`)' });
  disableContentTrust = Option.Boolean('--disable-content-trust', true, { hidden: true });
  os = Option.String('--os', { description: 'For this `system`' });
  platform = Option.String('--platform', { description: 'For this `platform`, as linux/arm64' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Print only the id' });
  signaturePolicy = Option.String('--signature-policy', {
    description: 'Take this policy.json (`file`)',
    hidden: true,
  });
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates' });
  variant = Option.String('--variant', { description: 'For this `variant` of the architecture' });
  names = Option.Rest({ name: 'image', required: 1 });

  async execute(): Promise<number> {
    const credentials =
      this.creds === undefined ? undefined : await readCredentials(this.creds, this.context);
    const { authfile, quiet, certDir, signaturePolicy, tlsVerify } = this;
    const flags = {
      pull: 'always' as const,
      authfile,
      quiet,
      certDir,
      signaturePolicy,
      tlsVerify,
      credentials,
    };
    const platform = platformText(this);
    return forEachName(
      this,
      this.allTags ? await this.tags(credentials) : this.names,
      async (name) => (await obtainImage(name, { ...flags, platform }, this)).id,
    );
  }

  /** Of several repositories all must tell: a part of what was asked for is seldom what was meant. */
  private async tags(credentials: Credentials | undefined): Promise<string[]> {
    const { certDir, tlsVerify } = this;
    const env = withAuthFile(this.context.env, this.authfile);
    const options = { env, certDir, tlsVerify, credentials, onNotice: (text: string) => this.warn(text) };
    const names: string[] = [];
    for (const name of this.names) names.push(...(await allTags(parseImageReference(name), options)));
    return names;
  }
}
