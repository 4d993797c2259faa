import { createReadStream, openSync } from 'node:fs';
import { hostFacts } from '../../core/container/facts.ts';
import { callReason, PodError } from '../../core/error.ts';
import { importVolume } from '../../core/volume/archive.ts';
import { Option, PodCommand } from '../command.ts';
import { isTerminalAt } from '../output/terminal-at.ts';
import { pathsOf } from '../paths.ts';

export class VolumeImport extends PodCommand {
  static override usage = { description: 'Add what a tar archive has to a volume' };

  name = Option.String({ name: 'volume' });
  source = Option.String({ name: 'file', required: false });

  async execute(): Promise<number> {
    const context = {
      paths: pathsOf(this),
      host: hostFacts(this.context.env),
      notice: (line: string) => this.warn(line),
    };
    await importVolume(this.name, context, this.input());
    return 0;
  }

  private input(): AsyncIterable<Uint8Array> {
    if (this.source !== undefined && this.source !== '-') return fileInput(this.source);
    if (!isTerminalAt(0)) return this.context.stdin as AsyncIterable<Uint8Array>;
    throw new PodError({
      code: 'usage',
      message: 'refused to read an archive from a terminal',
      hint: `tsc-pod volume import ${this.name} FILE`,
    });
  }
}

function fileInput(path: string): AsyncIterable<Uint8Array> {
  try {
    return createReadStream(path, { fd: openSync(path, 'r'), highWaterMark: 1 << 20 });
  } catch (cause) {
    throw new PodError({ code: 'not-found', message: `cannot read ${path}`, why: callReason(cause), cause });
  }
}
