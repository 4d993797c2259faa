import { Command } from 'clipanion/lib/advanced/Command.js';
import type { Check, Status } from '../../core/doctor/check.ts';
import { diagnose } from '../../core/doctor/doctor.ts';
import { thisSystem } from '../../core/doctor/system.ts';
import { Option, PodCommand } from '../command.ts';
import { colored } from '../output/color.ts';
import { pathsOf } from '../paths.ts';

export class Doctor extends PodCommand {
  static override usage = Command.Usage({
    description: 'Check what tsc-pod needs of this system',
    details: 'Exits with 0 when containers can run, with 1 when they can not.',
  });

  json = Option.Boolean('--json', false, { description: 'Print the checks as JSON' });

  async execute(): Promise<number> {
    const diagnosis = await diagnose(thisSystem(pathsOf(this), this.context.env));
    if (this.json) this.printLine(JSON.stringify(diagnosis, undefined, 2));
    else this.print(this.report(diagnosis.checks));
    return diagnosis.ok ? 0 : 1;
  }

  private report(checks: Check[]): string {
    const mark = (color: 'green' | 'yellow' | 'red', text: string) =>
      colored(color, text, this.context.stdout, this.context.env);
    const marks: Record<Status, string> = {
      ok: mark('green', 'ok  '),
      warn: mark('yellow', 'warn'),
      fail: mark('red', 'FAIL'),
    };
    const width = Math.max(...checks.map(({ name }) => name.length));
    const indent = ' '.repeat(width + 7);
    const lines = checks.flatMap(({ name, status, detail, fix }) => [
      `${marks[status]} ${name.padEnd(width)}  ${detail}`,
      ...(fix === undefined ? [] : [`${indent}${fix}`]),
    ]);
    return `${lines.join('\n')}\n`;
  }
}
