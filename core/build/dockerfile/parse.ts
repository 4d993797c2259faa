/** Text -> Dockerfile. */

import type { PodError } from '../../error.ts';
import { readDirectives } from './directives.ts';
import type {
  ArgInstruction,
  Dockerfile,
  Escape,
  FromInstruction,
  Heredoc,
  Instruction,
  LineRange,
  Stage,
} from './dockerfile.ts';
import { readHeredoc } from './heredoc.ts';
import { checkTrigger, readInstruction } from './instructions.ts';
import { Lines, type LogicalLine, readLogicalLine } from './lines.ts';
import { refusalAt, type Source } from './refusal.ts';
import { makeStatement, marksIn } from './statement.ts';

/** In UTF-16 units; bytes are not more than three times as many. Docker's limit is 2 MB. */
const LARGEST_DOCKERFILE = 16 << 20;
const MOST_INSTRUCTIONS = 100_000;

interface Read {
  readonly instruction: Instruction;
  readonly comment: string | undefined;
  readonly empty: LineRange | undefined;
}

/**
 * Reads a Dockerfile; `name` is what errors call it. Throws PodError `invalid`, with the line and what is expected;
 * `excerptOf` has the lines around.
 */
export function parseDockerfile(text: string, name = 'Dockerfile'): Dockerfile {
  const source: Source = { name, text: text.startsWith('\ufeff') ? text.slice(1) : text };
  if (text.length > LARGEST_DOCKERFILE)
    throw refusalAt({ name, text: '' }, { start: 1, end: 1 }, { why: 'it is larger than 16 MiB' });
  const directives = readDirectives(source);
  const globalArgs: ArgInstruction[] = [];
  const stages: BegunStage[] = [];
  const emptyContinuations: LineRange[] = [];
  const descriptions = new Map<number, string>();
  for (const { instruction, comment, empty } of instructionsOf(source, directives.escape)) {
    if (empty) emptyContinuations.push(empty);
    if (comment !== undefined && (instruction.kind === 'ARG' || instruction.kind === 'FROM'))
      descriptions.set(instruction.line.start, comment);
    const stage = stages.at(-1);
    if (instruction.kind === 'FROM') stages.push(beginStage(stages.length, instruction));
    else if (stage) stage.instructions.push(instruction);
    else if (instruction.kind === 'ARG') globalArgs.push(instruction);
    else
      throw refusalAt(source, instruction.line, {
        why: `${instruction.kind} comes before the first FROM`,
        hint: 'only ARG may be before FROM',
      });
  }
  if (stages.length === 0) {
    const { number } = readAll(source.text);
    throw refusalAt(source, { start: Math.max(1, number), end: Math.max(1, number) }, noStage());
  }
  return { name, text: source.text, directives, globalArgs, stages, emptyContinuations, descriptions };
}

const noStage = () => ({ why: 'it has no FROM', hint: 'begin it with: FROM image' });

function readAll(text: string): Lines {
  const lines = new Lines(text);
  while (lines.read() !== undefined);
  return lines;
}

type BegunStage = Omit<Stage, 'instructions'> & { readonly instructions: Instruction[] };

function beginStage(index: number, from: FromInstruction): BegunStage {
  const name = from.as?.toLowerCase();
  return { index, ...(name === undefined ? {} : { name }), from, instructions: [] };
}

function* instructionsOf(source: Source, token: Escape): Generator<Read> {
  const lines = new Lines(source.text);
  for (let count = 1; ; count++) {
    const logical = readLogicalLine(lines, token);
    if (!logical) return;
    if (count > MOST_INSTRUCTIONS)
      throw refusalAt(
        source,
        { start: logical.start, end: logical.start },
        { why: `it has more than ${MOST_INSTRUCTIONS} instructions` },
      );
    const heredocs = readHeredocs(source, lines, logical);
    const line = { start: logical.start, end: lines.number };
    const instruction = readInstruction(makeStatement(source, logical.text, heredocs, line, token));
    yield { instruction, comment: logical.comment, empty: logical.empty };
  }
}

function readHeredocs(source: Source, lines: Lines, { text, start }: LogicalLine): Heredoc[] {
  const line = { start, end: lines.number };
  return marksIn(text).map((mark) => {
    const heredoc = readHeredoc(lines, mark);
    if (heredoc) return heredoc;
    throw refusalAt(source, line, {
      why: `the here-document ${mark.name} has no end`,
      hint: `end it with a line that is ${mark.name} and nothing else`,
    });
  });
}

/** Reads one trigger of an image's config (`OnBuild`). ONBUILD, FROM and MAINTAINER are refused, as in the Dockerfile. */
export function parseTrigger(text: string, image: string): Instruction {
  const source: Source = { name: `the ONBUILD of ${image}`, text };
  const refuse = (why: string): PodError => refusalAt(source, { start: 1, end: 1 }, { why });
  if (text.length > LARGEST_DOCKERFILE) throw refuse('it is larger than 16 MiB');
  const [first, second] = [...instructionsOf(source, '\\')];
  if (!first || second) throw refuse('it is not one instruction');
  checkTrigger(first.instruction.kind, refuse);
  return first.instruction;
}
