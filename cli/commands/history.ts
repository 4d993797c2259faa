import { noSuchImage, resolveImage } from '../../core/images/find.ts';
import { type HistoryStep, historyOf } from '../../core/images/history.ts';
import { parsePlatform } from '../../core/platform.ts';
import { Option, PodCommand } from '../command.ts';
import { formatList } from '../format/rows.ts';
import { isTerminal } from '../output/color.ts';
import { ago, humanSize, shortId } from '../output/units.ts';
import { parsed } from '../parse.ts';
import { pathsOf } from '../paths.ts';

/** docker cuts what a step did at 45 characters. */
const LONGEST = 45;

export class History extends PodCommand {
  static override usage = { description: 'Show the steps that an image was made by' };

  format = Option.String('--format', { description: 'Print json, a table, or by a Go `template`' });
  human = Option.Boolean('-H,--human', true, { description: 'Sizes and times as people say them' });
  noTrunc = Option.Boolean('--no-trunc', false, { description: 'Show everything in full' });
  platform = Option.String('--platform', {
    description: 'Of a list: the image for this `platform`, as linux/arm64',
    validator: parsed(parsePlatform),
  });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Only the ids' });
  image = Option.String({ name: 'image' });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const image = resolveImage(paths, this.image, this.platform);
    if (!image) throw noSuchImage(this.image);
    const now = Date.now();
    const rows = (await historyOf(paths, image)).map((step) => this.row(step, now));
    if (this.quiet && this.format === undefined) {
      for (const { ID } of rows) this.printLine(ID);
      return 0;
    }
    this.print(
      formatList(this.format, {
        rows,
        columns: `{{.ID}}\t{{.${this.human ? 'CreatedSince' : 'CreatedAt'}}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}`,
        headers: { ID: 'IMAGE', CreatedSince: 'CREATED', CreatedAt: 'CREATED AT' },
        terminal: isTerminal(this.context.stdout),
      }),
    );
    return 0;
  }

  private row({ id, created, createdBy, comment, size, names }: HistoryStep, now: number) {
    const time = created === undefined ? Number.NaN : Date.parse(created);
    const known = !Number.isNaN(time);
    const since = known ? ago(time, now) : 'N/A';
    // As docker: one line a step, whatever the instruction held.
    const did = createdBy.replaceAll('\t', ' ');
    return {
      Comment: comment,
      CreatedAt: known ? `${new Date(time).toISOString().slice(0, 19)}Z` : '',
      CreatedBy: this.noTrunc || did.length <= LONGEST ? did : `${did.slice(0, LONGEST - 1)}…`,
      CreatedSince: since,
      ID: id === undefined ? '<missing>' : this.noTrunc ? `sha256:${id}` : shortId(id),
      Size: this.human ? humanSize(size) : String(size),
      Created: () => since,
      Tags: () => names,
    };
  }
}
