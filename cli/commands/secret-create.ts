import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { callReason, PodError } from '../../core/error.ts';
import { makeSecret } from '../../core/secret/store.ts';
import { Option, PodCommand } from '../command.ts';
import { oneOf, parseKeyValues } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class SecretCreate extends PodCommand {
  static override usage = { description: 'Make a secret from a file, standard input (-) or a variable' };

  driver = Option.String('-d,--driver', 'file', {
    description: 'file: it lies in the store, readable by you alone (`driver`)',
    validator: oneOf('file'),
  });
  driverOpts = Option.Array('--driver-opts', [], { description: 'An `option` of the driver: there is none' });
  env = Option.Boolean('--env', false, { description: 'Take it from the variable that is named' });
  label = Option.Array('-l,--label', [], { description: 'A `label`, key=value' });
  replace = Option.Boolean('--replace', false, { description: 'Take the place of one of that name' });
  name = Option.String({ name: 'name' });
  source = Option.String({ name: 'file', required: false });

  async execute(): Promise<number> {
    if (this.driverOpts.length > 0)
      throw new PodError({
        code: 'unsupported',
        message: `cannot make a secret with --driver-opts ${this.driverOpts[0]}`,
        why: 'the driver file has no options',
      });
    const { name, replace } = this;
    const labels = parseKeyValues(this.label);
    const { id } = makeSecret(pathsOf(this), { name, data: await this.data(), labels, replace });
    this.printLine(id);
    return 0;
  }

  private async data(): Promise<Uint8Array> {
    if (this.source === undefined)
      throw new PodError({
        code: 'usage',
        message: 'no file was named',
        hint: `tsc-pod secret create ${this.name} FILE   # or: printf %s "$secret" | tsc-pod secret create ${this.name} -`,
      });
    if (this.env) return variable(this.source, this.context.env);
    if (this.source === '-') return buffer(this.context.stdin as AsyncIterable<Uint8Array>);
    return file(this.name, this.source);
  }
}

function variable(name: string, env: Record<string, string | undefined>): Uint8Array {
  const value = env[name];
  if (value !== undefined) return Buffer.from(value);
  throw new PodError({
    code: 'not-found',
    message: `no such variable: ${name}`,
    hint: `export ${name}   # if it is one of the shell's`,
  });
}

function file(name: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = `cannot make the secret ${name} of ${path}`;
    throw new PodError({ code: 'not-found', message, why: callReason(cause), cause });
  }
}
