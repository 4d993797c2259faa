import { PodError } from '../core/error.ts';
import type { PodContext } from './command.ts';

type Input = NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?(raw: boolean): unknown };

const INTERRUPT = '\u0003';
const END = '\u0004';
const ERASE = new Set(['\b', '\u007f']);
const ERASE_ALL = '\u0015';

/** Asks a person for a line on the terminal. Throws PodError `interrupted` where the input ends. */
export async function askLine({ stdin, stdout }: PodContext, question: string): Promise<string> {
  stdout.write(question);
  return readKeys(stdin as Input, (text, done) => {
    const end = text.indexOf('\n');
    if (end >= 0) done(text.slice(0, end).replace(/\r$/, ''));
  });
}

/** Asks for what nobody may read over the shoulder: nothing is shown. The terminal is as it was, also after ^C. */
export async function askSecret({ stdin, stdout }: PodContext, question: string): Promise<string> {
  const input = stdin as Input;
  // Before the question: who answers at once is not shown either.
  input.setRawMode?.(true);
  try {
    stdout.write(question);
    return await readKeys(input, (text, done, fail) => {
      let line = '';
      for (const key of text) {
        if (key === '\r' || key === '\n') return done(line);
        if (key === INTERRUPT || (key === END && line === '')) return fail();
        if (ERASE.has(key)) line = [...line].slice(0, -1).join('');
        else if (key === ERASE_ALL) line = '';
        else if (key !== END) line += key;
      }
    });
  } finally {
    input.setRawMode?.(false);
    stdout.write('\n');
  }
}

/** Gives all that was typed to `look` with each key, until that knows what it is. */
async function readKeys(
  input: Input,
  look: (text: string, done: (answer: string) => void, fail: () => void) => void,
): Promise<string> {
  let text = '';
  input.setEncoding('utf8');
  const fail = () => new PodError({ code: 'interrupted', message: 'nothing was entered', exitCode: 130 });
  try {
    return await new Promise<string>((resolve, reject) => {
      input.on('data', (chunk: string) => {
        text += chunk;
        look(text, resolve, () => reject(fail()));
      });
      input.on('end', () => reject(fail()));
      input.on('error', () => reject(fail()));
      input.resume();
    });
  } finally {
    input.removeAllListeners('data').removeAllListeners('end').removeAllListeners('error');
    input.pause();
  }
}
