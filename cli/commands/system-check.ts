import { checkStore, type Mended, repairStore } from '../../core/system/check.ts';
import { Option, PodCommand } from '../command.ts';
import { errorLines } from '../output/error.ts';
import { escapeControls } from '../output/escape.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';

export class SystemCheck extends PodCommand {
  static override usage = {
    description: 'Look whether everything that is stored is whole; exit status 1 when it is not',
  };

  format = Option.String('--format', 'text', {
    description: 'text, or json (`format`)',
    validator: oneOf('text', 'json'),
  });
  quick = Option.Boolean('-q,--quick', false, { description: 'Compare sizes of blobs, not their digests' });
  repair = Option.Boolean('-r,--repair', false, {
    description: 'Mend it, one object at a time; what is beyond repair is put into lost+found',
  });

  async execute(): Promise<number> {
    const wish = { paths: pathsOf(this), environment: this.context.env, quick: this.quick };
    const findings: Mended[] = await (this.repair ? repairStore(wish) : checkStore(wish));
    if (this.format === 'json')
      this.printLine(
        JSON.stringify(
          findings.map((one) => this.fieldsOf(one)),
          null,
          2,
        ),
      );
    else for (const one of findings) this.printLine(escapeControls(this.lineOf(one)));
    const left = this.repair ? findings.filter(({ error }) => error !== undefined) : findings;
    return left.length === 0 ? 0 : 1;
  }

  private lineOf({ type, id, problem, repair, error }: Mended): string {
    const what = `${type} ${id}: ${problem}`;
    if (!this.repair) return `${what} (--repair: ${repair})`;
    return error === undefined
      ? `${what}: mended (${repair})`
      : `${what}: not mended: ${errorLines(error).join('; ')}`;
  }

  private fieldsOf({ type, id, problem, repair, error }: Mended): object {
    const repaired = this.repair && { Repaired: error === undefined };
    return { Type: type, ID: id, Problem: problem, Repair: repair, ...repaired };
  }
}
