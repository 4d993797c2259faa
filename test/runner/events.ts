import { writeSync } from 'node:fs';

/** What a test process tells the runner: one JSON object a line on the descriptor in $TEST_EVENTS_FD. */
export type TestEvent =
  | { kind: 'plan'; name: string }
  | { kind: 'only' }
  | { kind: 'file-limit'; seconds: number }
  | { kind: 'start'; name: string; seconds: number }
  | { kind: 'pass'; name: string; ms: number }
  | { kind: 'fail'; name: string; ms: number; error: string }
  | { kind: 'skip'; name: string; why: string };

/** Tells the runner; says nothing where there is none (`node test/unit/x.test.ts`). */
export function tell(event: TestEvent): void {
  const fd = process.env.TEST_EVENTS_FD;
  if (fd !== undefined) writeSync(Number(fd), `${JSON.stringify(event)}\n`);
}
