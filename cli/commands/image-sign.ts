import { PodError } from '../../core/error.ts';
import { signImage } from '../../core/images/signatures/sign-image.ts';
import { parseReference } from '../../core/reference.ts';
import { withAuthFile } from '../auth-flags.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';

declare const VERSION: string;

export class ImageSign extends PodCommand {
  static override usage = { description: 'Sign images of registries with a GPG key' };

  all = Option.Boolean('-a,--all', false, { description: 'Of a list all its images' });
  authfile = Option.String('--authfile', { description: 'Credentials are in this `file`' });
  certDir = Option.String('--cert-dir', { description: 'Certificates from this `directory`' });
  directory = Option.String('-d,--directory', { description: 'Put the signatures below this `directory`' });
  signBy = Option.String('--sign-by', { description: 'Whose key signs (`identity`)' });
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates' });
  images = Option.Rest({ name: 'image', required: 1 });

  async execute(): Promise<number> {
    const { all, certDir, directory, signBy: identity, tlsVerify } = this;
    if (identity === undefined)
      throw new PodError({
        code: 'usage',
        message: 'nobody was named who signs',
        hint: '--sign-by IDENTITY',
      });
    const env = withAuthFile(this.context.env, this.authfile);
    const creator = `tsc-pod ${VERSION}`;
    return forEachName(this, this.images, async (name) => {
      const reference = parseReference(name);
      if (reference.kind !== 'registry')
        throw new PodError({ code: 'usage', message: `cannot sign ${name}`, why: 'it is in no registry' });
      const options = { all, certDir, directory, identity, tlsVerify, env, creator };
      return (await signImage(reference, options)).join('\n');
    });
  }
}
