import { endpointsOf, isInsecure } from '../../core/config/endpoints.ts';
import { loadRegistriesConfig, type RegistriesConfig } from '../../core/config/registries-conf.ts';
import { PodError } from '../../core/error.ts';
import { familiarRepository, parseImageReference } from '../../core/reference.ts';
import {
  type FoundRepository,
  listTags,
  type SearchedRegistry,
  searchRegistry,
} from '../../core/registry/search.ts';
import { openTransport, type Transport } from '../../core/registry/transport.ts';
import { withAuthFile } from '../auth-flags.ts';
import { Option, PodCommand } from '../command.ts';
import { parseFilters, passes } from '../filter.ts';
import { formatList } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { errorLines } from '../output/error.ts';
import { parsed, parseInteger } from '../parse.ts';

const FILTERS = ['is-automated', 'is-official', 'stars'];
const DESCRIPTION = 45;

/** The registries that a term is for, and the term: "quay.io/fedora" is for one. */
function splitTerm(term: string, config: RegistriesConfig): { registries: readonly string[]; query: string } {
  const slash = term.indexOf('/');
  const first = slash < 0 ? '' : term.slice(0, slash);
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost';
  if (isHost) return { registries: [first], query: term.slice(slash + 1) };
  return { registries: config.search, query: term };
}

export class Search extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'Look for images in registries' };

  authfile = Option.String('--authfile', { description: 'Credentials are in this `file`' });
  certDir = Option.String('--cert-dir', { description: 'Certificates from this `directory`' });
  compatible = Option.Boolean('--compatible', false, { hidden: true });
  filter = Option.Array('-f,--filter', [], {
    description: `Only those of a \`key=value\`: ${FILTERS.join(', ')}`,
  });
  format = Option.String('--format', { description: 'Print json, a table, or by a Go `template`' });
  limit = Option.String('--limit', '25', {
    description: 'So many results of each registry (`number`)',
    validator: parsed((text) => parseInteger(text, 1, 100)),
  });
  listTags = Option.Boolean('--list-tags', false, { description: 'List the tags of an image' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Show everything in full' });
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates' });
  term = Option.String({ name: 'term' });

  async execute(): Promise<number> {
    if (!this.term.trim())
      throw new PodError({ code: 'usage', message: 'nothing to look for: the term is empty' });
    const env = withAuthFile(this.context.env, this.authfile);
    const filters = parseFilters(this.filter, FILTERS);
    const config = await loadRegistriesConfig(env);
    const transport = await openTransport({ env, certDir: this.certDir });
    try {
      const where = (registry: string) => this.searched(registry, config, transport, env);
      if (this.listTags) await this.showTags(where);
      else await this.showFound(config, filters, where);
    } finally {
      transport.close();
    }
    return 0;
  }

  private searched(
    registry: string,
    config: RegistriesConfig,
    transport: Transport,
    env: SearchedRegistry['env'],
  ): SearchedRegistry {
    endpointsOf(parseImageReference(`${registry}/any/thing`), config); // throws for what is blocked
    const insecure = this.tlsVerify === undefined ? isInsecure(registry, config) : !this.tlsVerify;
    return { registry, insecure, transport, env, credentialHelpers: config.credentialHelpers };
  }

  private async showTags(where: (registry: string) => SearchedRegistry): Promise<void> {
    const reference = parseImageReference(this.term);
    if (reference.tag !== undefined || reference.digest !== undefined)
      throw new PodError({ code: 'usage', message: '--list-tags takes a name without a tag' });
    const tags = await listTags(reference.path, this.limit, where(reference.domain));
    const Name = familiarRepository(reference);
    const rows = tags.map((Tag) => ({ Name, Tag }));
    const terminal = isTerminal(this.context.stdout);
    this.print(formatList(this.format, { rows, columns: '{{.Name}}\t{{.Tag}}', headers: {}, terminal }));
  }

  /** Of several registries those that answer are enough; the others are warnings. */
  private async showFound(
    config: RegistriesConfig,
    filters: Map<string, string[]>,
    where: (registry: string) => SearchedRegistry,
  ): Promise<void> {
    const { registries, query } = splitTerm(this.term, config);
    const tries = await Promise.allSettled(
      registries.map(async (registry) => searchRegistry(query, this.limit, where(registry))),
    );
    const failures = tries.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    if (failures.length > 0 && failures.length === tries.length) throw failures[0];
    for (const failure of failures) this.warn(errorLines(failure)[0]!);
    const found = tries.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    const rows = found.filter((one) => matches(one, filters)).map((one) => this.row(one));
    this.print(
      formatList(this.format, {
        rows,
        columns: '{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}',
        headers: { StarCount: 'STARS', IsOfficial: 'OFFICIAL', IsAutomated: 'AUTOMATED' },
        terminal: isTerminal(this.context.stdout),
      }),
    );
  }

  /** Docker's fields; for templates podman's names for them beside. */
  private row({ registry, path, description, stars, official, automated }: FoundRepository): object {
    const line = description.replace(/\s+/g, ' ').trim();
    const characters = [...line];
    const short =
      characters.length > DESCRIPTION ? `${characters.slice(0, DESCRIPTION - 1).join('')}…` : line;
    const [isOfficial, isAutomated] = [official, automated].map((yes) => (yes ? '[OK]' : ''));
    const docker = {
      Name: nameOf(registry, path),
      Description: this.noTrunc ? line : short,
      StarCount: stars,
      IsOfficial: isOfficial,
      IsAutomated: isAutomated,
    };
    if (this.format === 'json') return docker;
    return { ...docker, Index: registry, Stars: stars, Official: isOfficial, Automated: isAutomated };
  }
}

/** As it is pulled: a name that isn't one is shown as it came. */
function nameOf(registry: string, path: string): string {
  try {
    return familiarRepository(parseImageReference(`${registry}/${path}`));
  } catch {
    return `${registry}/${path}`;
  }
}

function matches(one: FoundRepository, filters: Map<string, string[]>): boolean {
  return passes(filters, (key, value) => {
    if (key === 'stars') return one.stars >= parseInteger(value, 0);
    if (value !== 'true' && value !== 'false')
      throw new PodError({ code: 'usage', message: `--filter ${key} takes true or false` });
    return (key === 'is-official' ? one.official : one.automated) === (value === 'true');
  });
}
