export interface TerminalSize {
  rows: number;
  columns: number;
}

/** Of the terminal that a stream is; undefined where it is none. */
export function terminalSize(stream: object): TerminalSize | undefined {
  const { rows, columns } = stream as Partial<TerminalSize>;
  return rows && columns ? { rows, columns } : undefined;
}
