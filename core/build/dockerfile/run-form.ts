/** What a RUN runs, with its heredocs (BuildKit's rules). */

import type { RunInstruction } from './dockerfile.ts';
import { heredocMark, heredocText } from './heredoc.ts';

export type RunForm =
  /** As it is. */
  | { readonly form: 'exec'; readonly argv: readonly string[] }
  /** The last argument of the stage's SHELL. */
  | { readonly form: 'shell'; readonly line: string }
  /**
   * A heredoc alone that begins with `#!`: a file of mode 0755 at /dev/pipes/NAME, which is read-only. Its path is the
   * last argument of the stage's SHELL.
   */
  | { readonly form: 'script'; readonly name: string; readonly content: string };

export function runForm({ command, heredocs }: RunInstruction): RunForm {
  if (command.form === 'exec') return command;
  const [first] = heredocs;
  if (!first) return command;
  if (heredocMark(command.line)) {
    const content = heredocText(first);
    return content.startsWith('#!')
      ? { form: 'script', name: first.name, content }
      : { form: 'shell', line: content };
  }
  // The shell reads them itself: tabs of `<<-` included.
  const documents = heredocs.map(({ content, name }) => `\n${content}${name}`);
  return { form: 'shell', line: command.line + documents.join('') };
}
