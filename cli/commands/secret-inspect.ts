import { PodError } from '../../core/error.ts';
import { inspectSecret } from '../../core/secret/inspect.ts';
import { findSecret } from '../../core/secret/store.ts';
import { Option, PodCommand } from '../command.ts';
import { inspectEach } from '../inspect-each.ts';
import { pathsOf } from '../paths.ts';

const PRETTY = `ID:              {{.ID}}
Name:            {{.Spec.Name}}
Labels:{{range $key, $value := .Spec.Labels}}
 - {{$key}}={{$value}}{{end}}
Driver:          {{.Spec.Driver.Name}}
Created at:      {{.CreatedAt}}
Updated at:      {{.UpdatedAt}}`;

export class SecretInspect extends PodCommand {
  static override usage = { description: 'Show all about secrets, but not what they are' };

  format = Option.String('-f,--format', { description: 'A Go `template`, or json' });
  pretty = Option.Boolean('--pretty', false, { description: 'For people' });
  showSecret = Option.Boolean('--showsecret', false, { description: 'Show what they are, too' });
  names = Option.Rest({ name: 'secret' });

  async execute(): Promise<number> {
    if (this.names.length === 0)
      throw new PodError({ code: 'usage', message: 'no secret was named', hint: 'tsc-pod secret ls' });
    const paths = pathsOf(this);
    const template = this.format ?? (this.pretty ? PRETTY : undefined);
    return inspectEach(this, this.names, template, (name) =>
      inspectSecret(paths, findSecret(paths, name), this.showSecret),
    );
  }
}
