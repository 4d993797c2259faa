import { PodError } from '../../core/error.ts';
import { dockerEventJson, type PodEvent } from '../../core/events/event-line.ts';
import { EVENT_FILTERS, type EventFilter, eventMatches } from '../../core/events/matches.ts';
import { readEvents } from '../../core/events/read-events.ts';
import { Option, PodCommand } from '../command.ts';
import { parseFilters, passes } from '../filter.ts';
import { eventFields, eventText } from '../format/event.ts';
import { compileTemplate, renderTemplate } from '../format/go-template.ts';
import { parseMoment } from '../moment.ts';
import { isTerminal } from '../output/color.ts';
import { escapeControls, escapeInJson } from '../output/escape.ts';
import { parsed } from '../parse.ts';
import { pathsOf } from '../paths.ts';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export class Events extends PodCommand {
  static override usage = { description: 'Show what happens to containers, images and volumes' };

  filter = Option.Array('-f,--filter', [], {
    description: `Only those that pass (\`key=value\`): ${EVENT_FILTERS.join(', ')}`,
  });
  format = Option.String('--format', { description: 'Print them as json or by a Go `template`' });
  noTrunc = Option.Boolean('--no-trunc', true, { description: 'Show whole ids' });
  since = Option.String('--since', {
    description: 'From a `time`, or 10m ago',
    validator: parsed(parseMoment),
  });
  stream = Option.Boolean('--stream', true, { description: 'Go on with what happens' });
  until = Option.String('--until', {
    description: 'To a `time`, or 10m ago',
    validator: parsed(parseMoment),
  });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const { since, until, stream: follow } = this;
    if (since !== undefined && until !== undefined && since > until)
      throw new PodError({ code: 'usage', message: '--since lies behind --until' });
    const filters = parseFilters(this.filter, EVENT_FILTERS);
    const print = this.printer();
    const end = new AbortController();
    for (const signal of ENDING) process.once(signal, () => end.abort());
    const notice = (text: string) => this.warn(`Warning: ${text}`);
    for await (const event of readEvents(paths, { since, until, follow, signal: end.signal, notice })) {
      const shown = this.noTrunc ? event : { ...event, id: shortId(event.id) };
      if (passes(filters, (key, value) => eventMatches(event, key as EventFilter, value))) print(shown);
    }
    return 0;
  }

  private printer(): (event: PodEvent) => void {
    const format = (this.format ?? '').trim();
    if (format === '') return (event) => this.printLine(escapeControls(eventText(event)));
    if (format === 'json' || /^\{\{\s*json\s+\.\s*\}\}$/.test(format))
      return (event) => this.printLine(escapeInJson(dockerEventJson(event)));
    const shown = isTerminal(this.context.stdout) ? escapeControls : String;
    const template = compileTemplate(this.format!);
    return (event) => this.printLine(renderTemplate(template, eventFields(event), { escape: shown }));
  }
}

function shortId(id: string): string {
  return /^(sha256:)?[0-9a-f]{64}$/.test(id) ? id.replace('sha256:', '').slice(0, 12) : id;
}
