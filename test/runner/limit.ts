import { tell } from './events.ts';

export const defaultSeconds = { test: 120, file: 600 };

let testSeconds = defaultSeconds.test;

/** Every test registered after this call may take so many seconds (120 without it). */
export function limitEachTest(seconds: number): void {
  testSeconds = seconds;
}

/** The whole file may take so many seconds (600 without it). */
export function limitFile(seconds: number): void {
  tell({ kind: 'file-limit', seconds });
}

export function secondsForTest(): number {
  return testSeconds;
}
