import { Command } from 'clipanion/lib/advanced/Command.js';
import { readInfo } from '../../core/host/info.ts';
import { Option, PodCommand } from '../command.ts';
import { compileTemplate, renderTemplate } from '../format/go-template.ts';
import { toJson } from '../format/values.ts';
import { pathsOf } from '../paths.ts';

export class Info extends PodCommand {
  static override usage = Command.Usage({
    category: 'Common Commands',
    description: 'Show facts about the host and the store',
  });

  format = Option.String('-f,--format', { description: 'Print them as json or by a Go `template`' });

  async execute(): Promise<number> {
    const template =
      this.format === undefined || this.format === 'json' ? undefined : compileTemplate(this.format);
    const info = await readInfo({
      paths: pathsOf(this),
      environment: this.context.env,
      storageDriver: this.storageDriver,
    });
    const { host, store, registries, version } = info;
    if (template) this.printLine(renderTemplate(template, info));
    else if (this.format === 'json') this.printLine(toJson(info, 2));
    else this.print(outline({ host, store, registries, version }, ''));
    return 0;
  }
}

/** Nested values as YAML shows them. */
function outline(value: object, indent: string): string {
  let text = '';
  for (const [key, entry] of Object.entries(value)) {
    const label = Array.isArray(value) ? `${indent}-` : `${indent}${key}:`;
    if (typeof entry !== 'object' || entry === null) text += `${label} ${scalar(entry)}\n`;
    else if (Object.keys(entry).length === 0) text += `${label} ${Array.isArray(entry) ? '[]' : '{}'}\n`;
    else if (Array.isArray(value)) text += `${label} ${outline(entry, `${indent}  `).trimStart()}`;
    else text += `${label}\n${outline(entry, Array.isArray(entry) ? indent : `${indent}  `)}`;
  }
  return text;
}

/** Text that YAML would read as something else is quoted. */
function scalar(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  const plain = /^[A-Za-z/][^:#\n"'\\]*$/.test(value) && !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}
