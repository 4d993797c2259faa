import { allTags } from '../../core/images/pull/all-tags.ts';
import { parseImageReference } from '../../core/reference.ts';
import { withAuthFile } from '../auth-flags.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { obtainImage } from '../obtain-image.ts';

export class Pull extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'Fetch images from a registry' };

  allTags = Option.Boolean('-a,--all-tags', false, { description: 'All tags of the repository' });
  authfile = Option.String('--authfile', { description: 'Credentials are in this `file`' });
  certDir = Option.String('--cert-dir', { description: 'Certificates from this `directory`' });
  disableContentTrust = Option.Boolean('--disable-content-trust', true, { hidden: true });
  platform = Option.String('--platform', { description: 'For this `platform`, as linux/arm64' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Print only the id' });
  signaturePolicy = Option.String('--signature-policy', {
    description: 'Take this policy.json (`file`)',
    hidden: true,
  });
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates' });
  names = Option.Rest({ name: 'image', required: 1 });

  async execute(): Promise<number> {
    return forEachName(
      this,
      this.allTags ? await this.tags() : this.names,
      async (name) => (await obtainImage(name, { ...this.flags() }, this)).id,
    );
  }

  /** Of several repositories all must tell: a part of what was asked for is seldom what was meant. */
  private async tags(): Promise<string[]> {
    const { certDir, tlsVerify } = this;
    const options = { env: withAuthFile(this.context.env, this.authfile), certDir, tlsVerify };
    const names: string[] = [];
    for (const name of this.names)
      names.push(
        ...(await allTags(parseImageReference(name), { ...options, onNotice: (text) => this.warn(text) })),
      );
    return names;
  }

  private flags() {
    const { authfile, platform, quiet, certDir, signaturePolicy, tlsVerify } = this;
    return { pull: 'always' as const, authfile, platform, quiet, certDir, signaturePolicy, tlsVerify };
  }
}
