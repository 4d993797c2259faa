import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { obtainImage } from '../obtain-image.ts';

export class Pull extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'Fetch images from a registry' };

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
      this.names,
      async (name) => (await obtainImage(name, { ...this.flags() }, this)).id,
    );
  }

  private flags() {
    const { authfile, platform, quiet, certDir, signaturePolicy, tlsVerify } = this;
    return { pull: 'always' as const, authfile, platform, quiet, certDir, signaturePolicy, tlsVerify };
  }
}
