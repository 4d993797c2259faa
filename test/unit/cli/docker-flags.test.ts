/** README.md says of every flag of docker's commands that it works, or why not: this holds it to that. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodCommand } from '../../../cli/command.ts';
import { type CommandNode, commandTable } from '../../../cli/command-table.ts';
import { commands } from '../../../cli/commands.ts';
import type { CommandDeclaration } from '../../../cli/declarations.ts';
import { type DockerFlag, dockerCommands } from './docker-commands.ts';

/** Why a flag doesn't work, or does nothing, as the table's last column says it. */
type Reasons = Map<string, string>;

const root = join(import.meta.dirname, '../../..');
const table = commandTable({ name: 'tsc-pod', version: '' }, PodCommand, commands());

interface Row {
  works: string;
  reasons: string;
}

/** The rows of one of README's tables, by the first name of their command. */
function readmeTable(mark: string): Map<string, Row> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, text = ''] =
    new RegExp(`<!-- ${mark}: begin -->\n(.*?)<!-- ${mark}: end -->`, 's').exec(readme) ?? [];
  const rows = text
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(
    rows.map(([, command = '', works = '', reasons = '']) => [
      /`(.+?)`/.exec(command)?.[1] ?? '',
      { works, reasons },
    ]),
  );
}

/** "`--a`, `--b`: why; `--c`: another why", or "as `run`". */
function parseReasons(cell: string, rows: ReadonlyMap<string, Row>): Reasons {
  const reasons: Reasons = new Map();
  if (cell === '') return reasons;
  const [, like] = /^as `(.+)`$/.exec(cell) ?? [];
  if (like !== undefined) return parseReasons(rows.get(like)!.reasons, rows);
  for (const part of cell.split(/;\s*(?=`--)/)) {
    const [, flags, why] = /^((?:`[^`]+`(?:, )?)+): (.+)$/.exec(part) ?? [];
    if (flags === undefined || why === undefined) throw new Error(`no flags with a reason: ${part}`);
    for (const [, flag] of flags.matchAll(/`([^`]+)`/g)) reasons.set(flag!, why);
  }
  return reasons;
}

function nodeAt(path: string): CommandNode | undefined {
  let node: CommandNode | undefined = table.root;
  for (const word of path.split(' ')) node = node?.children.get(word);
  return node;
}

/** What is wrong with one flag of one path; undefined when nothing is. */
function complaint(
  path: string,
  command: CommandDeclaration,
  flag: DockerFlag,
  reasons: Reasons,
): string | undefined {
  const long = flag.names.at(-1)!;
  const why = reasons.get(long);
  const called = `${path} ${flag.names.join(', ')}`;
  const options = flag.names.map((name) => command.byName.get(name));
  if (options.at(-1) === undefined)
    return why === undefined ? `${called} is missing, and README.md gives no reason` : undefined;
  if (why !== undefined && !why.startsWith('accepted'))
    return `${called} is accepted: README.md says "${why}"`;
  if (options.some((option) => option !== options[0])) return `${called}: one of its names is not accepted`;
  if ((options[0]!.value === 'required') !== flag.takesValue)
    return `${called}: docker's takes ${flag.takesValue ? 'a' : 'no'} value`;
  return undefined;
}

for (const [kind, mark] of [
  ['container', 'docker'],
  ['image', 'docker-image'],
  ['network', 'docker-network'],
  ['volume', 'docker-volume'],
] as const) {
  const docker = dockerCommands(kind);
  const rows = readmeTable(mark);

  test(`README.md has a row for each of docker's ${kind} commands, and for no other`, () => {
    assert.equal(
      [...rows.keys()],
      docker.map(({ paths }) => paths[0]),
    );
  });

  for (const { paths, flags } of docker) {
    test(`docker ${paths[0]}: each flag is accepted, or README.md says why not`, async () => {
      const { works, reasons: cell } = rows.get(paths[0]!)!;
      const reasons = parseReasons(cell, rows);
      const complaints: string[] = [];
      for (const path of paths) {
        const command = await nodeAt(path)?.load?.();
        if (command === undefined) complaints.push(`there is no ${path}`);
        else complaints.push(...flags.flatMap((flag) => complaint(path, command, flag, reasons) ?? []));
      }
      const known = new Set(flags.map(({ names }) => names.at(-1)));
      complaints.push(
        ...[...reasons.keys()].filter((name) => !known.has(name)).map((name) => `docker has no ${name}`),
      );
      assert.equal(complaints, []);
      assert.is(works, reasons.size === 0 ? 'all flags' : 'all other flags');
    });
  }
}

test.run();
