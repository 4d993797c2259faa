import { Command } from 'clipanion/lib/advanced/Command.js';
import { versionReport } from '../../core/host/version.ts';
import { Option, PodCommand } from '../command.ts';
import { compileTemplate, renderTemplate } from '../format/go-template.ts';
import { toJson } from '../format/values.ts';

export class Version extends PodCommand {
  static override usage = Command.Usage({
    category: 'Common Commands',
    description: 'Show the version of tsc-pod and what it is made of',
  });

  format = Option.String('-f,--format', { description: 'Print it as json or by a Go `template`' });

  async execute(): Promise<number> {
    const report = versionReport();
    // Scripts that were written for docker ask for either side; here they are one program.
    const sides = { Client: report, Server: report };
    if (this.format === 'json') this.printLine(toJson(sides));
    else if (this.format !== undefined) {
      this.printLine(renderTemplate(compileTemplate(this.format), { ...report, ...sides }));
    } else {
      this.printLine(`Version:       ${report.Version}`);
      this.printLine(`Node Version:  ${report.NodeVersion}`);
      this.printLine(`OS/Arch:       ${report.OsArch}`);
    }
    return 0;
  }
}
