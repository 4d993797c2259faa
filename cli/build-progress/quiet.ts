import type { BuildListener } from '../../core/build/events.ts';
import { escapeControls } from '../output/escape.ts';
import { failedOutput, outputTails } from './output-tail.ts';

/** Nothing, but the output of a step that fails and what somebody should know. */
export function quietProgress(write: (text: string) => void): BuildListener {
  const tails = outputTails();
  return (event) => {
    tails.take(event);
    if (event.kind === 'notice') write(`${escapeControls(event.text)}\n`);
    if (event.kind === 'failed')
      write(failedOutput(escapeControls(event.step.name), tails.of(event.step.id)));
  };
}
