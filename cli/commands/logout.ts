import { findCredentials } from '../../core/config/credentials.ts';
import { loginKey } from '../../core/config/login-key.ts';
import { loadRegistriesConfig } from '../../core/config/registries-conf.ts';
import { removeAllCredentials, removeCredentials } from '../../core/config/store-credentials.ts';
import { PodError } from '../../core/error.ts';
import { keeping, toAuthFile } from '../auth-flags.ts';
import { Option, PodCommand } from '../command.ts';

export class Logout extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'Log out from a registry' };

  all = Option.Boolean('-a,--all', false, { description: 'Forget the credentials of all registries' });
  authfile = Option.String('--authfile', { description: 'The credentials are in this `file`' });
  compatAuthFile = Option.String('--compat-auth-file', {
    description: "The credentials are in this `file`, docker's config.json",
  });
  registry = Option.String({ name: 'registry', required: false });

  async execute(): Promise<number> {
    const env = toAuthFile(this.context.env, this.compatAuthFile ?? this.authfile);
    const config = await loadRegistriesConfig(env);
    const kept = keeping(this, env, config.credentialHelpers);
    if (this.all) {
      if (this.registry !== undefined)
        throw new PodError({ code: 'usage', message: '--all takes no registry' });
      await removeAllCredentials(kept);
      this.printLine('Removed login credentials for all registries');
      return 0;
    }
    const key = loginKey(this.registry ?? config.search[0] ?? 'docker.io');
    if (await removeCredentials(key, kept)) {
      this.printLine(`Removed login credentials for ${key}`);
      return 0;
    }
    const elsewhere = await findCredentials(key, env, config.credentialHelpers);
    if (elsewhere === undefined)
      throw new PodError({ code: 'not-found', message: `not logged in to ${key}` });
    throw new PodError({
      code: 'conflict',
      message: `cannot log out of ${key}`,
      why: `its credentials are not in ${kept.file}`,
      hint: 'docker logout, or tsc-pod logout --authfile FILE',
    });
  }
}
