import type { BuildEvent, BuildListener } from '../../core/build/events.ts';
import { escapeInJson } from '../output/escape.ts';

/** Each event as a line of JSON, for programs: bytes as base64, `at` in milliseconds of a clock of no known beginning. */
export function rawJsonProgress(write: (text: string) => void): BuildListener {
  return (event: BuildEvent) => {
    const { step, ...rest } = event;
    const bytes = event.kind === 'output' ? { bytes: Buffer.from(event.bytes).toString('base64') } : {};
    const who = step && { id: step.id, name: step.name, ...(step.stage && { stage: step.stage }) };
    write(`${escapeInJson(JSON.stringify({ ...rest, ...(who && { step: who }), ...bytes }))}\n`);
  };
}
