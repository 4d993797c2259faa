import { existsSync } from 'node:fs';
import { readEventLine } from '../events/event-line.ts';
import { openEventLines } from '../events/log-files.ts';
import { EVENTS_MAX_FILES, eventsFile } from '../events.ts';
import type { Paths } from '../paths.ts';
import { type Finding, moveAside } from './finding.ts';

/** `events` leaves damaged lines out and says so, each time. */
export function checkEvents(paths: Paths): Finding[] {
  const lines = openEventLines(paths);
  let damaged = 0;
  try {
    for (const line of lines.next()) if (line !== '' && !readEventLine(line)) damaged++;
  } finally {
    lines.close();
  }
  if (damaged === 0) return [];
  const file = eventsFile(paths);
  const mend = () => {
    for (const name of Array.from({ length: EVENTS_MAX_FILES }, (_, n) => (n ? `${file}.${n}` : file)))
      if (existsSync(name)) moveAside(paths, name, 'events');
  };
  return [
    {
      type: 'events',
      id: 'events.jsonl',
      problem: `${damaged} damaged lines`,
      repair: 'put the log aside and begin a new one',
      mend,
    },
  ];
}
