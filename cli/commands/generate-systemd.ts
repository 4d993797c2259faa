import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRecord } from '../../core/container/record.ts';
import { findContainer } from '../../core/container/store.ts';
import { callReason, PodError } from '../../core/error.ts';
import { versionReport } from '../../core/host/version.ts';
import { unitText } from '../../core/systemd/unit-text.ts';
import { Option, PodCommand } from '../command.ts';
import { oneOf, parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';
import { runCommandAgain } from '../run-command-again.ts';

const RESTARTS = [
  'no',
  'always',
  'on-success',
  'on-failure',
  'on-abnormal',
  'on-watchdog',
  'on-abort',
] as const;
const seconds = parsed((text) => parseInteger(text, 0, 2 ** 31));

export class GenerateSystemd extends PodCommand {
  static override usage = { description: 'Print systemd units for containers' };

  after = Option.Array('--after', [], { description: 'A `unit` that starts before' });
  containerPrefix = Option.String('--container-prefix', 'container', {
    description: "What units' names begin with (`text`)",
  });
  env = Option.Array('-e,--env', [], { description: 'A variable for the unit (`name=value`)' });
  files = Option.Boolean('-f,--files', false, { description: 'Write files here instead of printing' });
  format = Option.String('--format', { description: 'json (`format`)', validator: oneOf('json') });
  byName = Option.Boolean('-n,--name', false, { description: 'Use the name instead of the id' });
  anew = Option.Boolean('--new', false, { description: 'Make the container anew at each start' });
  noHeader = Option.Boolean('--no-header', false, { description: 'Leave out the lines of comment' });
  requires = Option.Array('--requires', [], { description: 'A `unit` that it needs' });
  restartPolicy = Option.String('--restart-policy', 'on-failure', {
    description: "When systemd starts it anew: systemd's words (`policy`)",
    validator: oneOf(...RESTARTS),
  });
  restartSec = Option.String('--restart-sec', { description: 'After so many `seconds`', validator: seconds });
  separator = Option.String('--separator', '-', { description: 'What is between prefix and name (`text`)' });
  startTimeout = Option.String('--start-timeout', {
    description: 'How long a start may take (`seconds`)',
    validator: seconds,
  });
  stopTimeout = Option.String('-t,--stop-timeout,--time', {
    description: "How long a stop may take before it is killed (`seconds`): the container's own",
    validator: seconds,
  });
  template = Option.Boolean('--template', false, { description: 'A unit for many instances; implies --new' });
  wants = Option.Array('--wants', [], { description: 'A `unit` that is started with it' });
  containers = Option.Rest({ name: 'container', required: 1 });

  async execute(): Promise<number> {
    const paths = pathsOf(this);
    const records = this.containers.map((name) => findContainer(paths, name));
    const units = await Promise.all(records.map((record) => this.unitOf(record, paths.data)));
    if (this.files) for (const { name, text } of units) this.write(name, text);
    else if (this.format === 'json')
      this.printLine(
        JSON.stringify(Object.fromEntries(units.map(({ name, text }) => [name, text])), null, 2),
      );
    else this.print(units.map(({ text }) => text).join('\n'));
    return 0;
  }

  private write(name: string, text: string): void {
    const file = join(process.cwd(), name);
    try {
      writeFileSync(file, text, { mode: 0o644 });
    } catch (cause) {
      throw new PodError({
        code: 'io',
        message: `cannot write ${file}`,
        why: callReason(cause),
        cause,
      });
    }
    this.printLine(file);
  }

  private async unitOf(record: ContainerRecord, data: string): Promise<{ name: string; text: string }> {
    const anew = this.anew || this.template;
    const label = this.byName ? record.name : record.id;
    const name = `${this.containerPrefix}${this.separator}${label}${this.template ? '@' : ''}.service`;
    const stopTimeout = this.stopTimeout ?? record.stopTimeout;
    const program = [process.execPath, '--root', data];
    const container = anew ? `${record.name}${this.template ? '-%i' : ''}` : label;
    const stop = [...program, 'stop', '-t', String(stopTimeout)];
    const { version } = { version: versionReport().Version };
    const mine = (words: readonly string[]) => [...words, container];
    const again = anew ? await runCommandAgain(record, container) : undefined;
    const text = unitText({
      name,
      description: `tsc-pod container ${this.template ? `${record.name} %i` : label}`,
      header: this.noHeader ? undefined : `Made by tsc-pod ${version} generate systemd`,
      after: this.after,
      requires: this.requires,
      wants: this.wants,
      environment: this.env,
      restart: this.restartPolicy,
      restartSeconds: this.restartSec,
      startTimeout: this.startTimeout,
      stopTimeout,
      directory: undefined,
      before: again ? [mine([...program, 'rm', '-f'])] : [],
      start: again ? [...program, ...again] : mine([...program, 'start']),
      stop: mine(stop),
      afterStop: again ? mine([...program, 'rm', '-f']) : mine(stop),
    });
    return { name, text: this.template ? text.replaceAll('%%i', '%i') : text };
  }
}
