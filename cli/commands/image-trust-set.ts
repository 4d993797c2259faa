import { resolve } from 'node:path';
import { loginKey } from '../../core/config/login-key.ts';
import { setTrust } from '../../core/config/trust.ts';
import { parseImageReference } from '../../core/reference.ts';
import { Option, PodCommand } from '../command.ts';
import { oneOf } from '../parse.ts';

export class ImageTrustSet extends PodCommand {
  static override usage = { description: "Change which images the user's policy.json lets in" };

  policyPath = Option.String('--policypath', { description: 'Change this `file`', hidden: true });
  keys = Option.Array('-f,--pubkeysfile', [], { description: 'Public keys that must have signed (`file`)' });
  type = Option.String('-t,--type', 'signedBy', {
    description: 'What is required: accept, reject, signedBy or sigstoreSigned (`type`)',
    validator: oneOf('accept', 'reject', 'signedBy', 'sigstoreSigned'),
  });
  registry = Option.String({ name: 'registry', required: true });

  async execute(): Promise<number> {
    const keys = this.keys.map((path) => resolve(path));
    setTrust(scopeOf(this.registry), this.type, keys, this.context.env, this.policyPath);
    return 0;
  }
}

/** "default", a registry, a part of one, a repository, or an image with its tag or digest. */
function scopeOf(text: string): string {
  if (text === 'default') return text;
  try {
    return loginKey(text);
  } catch (error) {
    const { tag, digest, shortName } = parseImageReference(text);
    if ((tag ?? digest) !== undefined && shortName === undefined) return text;
    throw error;
  }
}
