import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../../../core/error.ts';
import {
  errorOf,
  errorText,
  messageLine,
  messages,
} from '../../../../../core/images/unpack/unpack-messages.ts';

async function* bytewise(text: string): AsyncGenerator<Buffer> {
  for (const byte of Buffer.from(text)) yield Buffer.of(byte);
}

test('messages arrive as they were said, however they are cut', async () => {
  const said = [{ notice: 'zwei\n„Zeilen“ 🦭' }, { bytes: 2 ** 40 }, { stop: true }] as const;
  const heard: unknown[] = [];
  for await (const message of messages(bytewise(said.map(messageLine).join('')))) heard.push(message);
  assert.equal(heard, [...said]);
});

test('an error keeps what the user is told, and a bug what it is looked for with', () => {
  const known = errorOf(errorText(new PodError({ code: 'no-space', message: 'm', why: 'w', hint: 'h' })));
  assert.equal([known.code, known.message, known.why, known.hint], ['no-space', 'm', 'w', 'h']);
  const bug = errorOf(errorText(new TypeError('x is not a function')));
  assert.match(String(bug.cause), /TypeError: x is not a function\n +at/);
});

test.run();
