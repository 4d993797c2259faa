import { listTrust, policyText, type Trust } from '../../core/config/trust.ts';
import { PodError } from '../../core/error.ts';
import { Option, PodCommand } from '../command.ts';
import { formatList } from '../format/rows.ts';
import { toJson } from '../format/values.ts';
import { isTerminal } from '../output/color.ts';

export class ImageTrustShow extends PodCommand {
  static override usage = { description: 'Show which images policy.json lets in' };

  json = Option.Boolean('-j,--json', false, { description: 'Print JSON' });
  noHeading = Option.Boolean('-n,--noheading', false, { description: 'Without the line of titles' });
  policyPath = Option.String('--policypath', { description: 'Show this `file`', hidden: true });
  raw = Option.Boolean('--raw', false, { description: 'Print the file as it is' });
  registry = Option.String({ name: 'registry', required: false });

  async execute(): Promise<number> {
    const { env } = this.context;
    if (this.raw) {
      const policy = policyText(env, this.policyPath);
      if (policy === undefined) throw new PodError({ code: 'not-found', message: 'there is no policy.json' });
      this.print(policy.text.endsWith('\n') ? policy.text : `${policy.text}\n`);
      return 0;
    }
    const rows = listTrust(env, this.policyPath).filter(
      ({ name }) => this.registry === undefined || name === this.registry,
    );
    if (this.json) {
      this.print(`${toJson(rows.map(asPodman), 2)}\n`);
      return 0;
    }
    this.print(
      formatList(undefined, {
        rows: rows.map(({ transport, name, type, keys, store }) => ({
          ...{ Transport: transport, Name: name, Type: type, ID: keys.join(','), Store: store },
        })),
        columns: '{{.Transport}}\t{{.Name}}\t{{.Type}}\t{{.ID}}\t{{.Store}}',
        headers: {},
        noHeading: this.noHeading,
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }
}

/** podman's names of the members, which are left out where they are empty. */
function asPodman({ transport, name, type, keys, store }: Trust): object {
  return {
    transport,
    ...(name && { name: name === 'default' ? '* (default)' : name, repo_name: name }),
    ...(store && { sigstore: store }),
    type,
    ...(keys.length > 0 && { gpg_id: keys.join(', ') }),
  };
}
