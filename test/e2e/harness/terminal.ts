import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { binary, environment, sandbox } from './sandbox.ts';

export interface TerminalOptions {
  rows?: number;
  cols?: number;
  env?: Record<string, string>;
  cwd?: string;
}

export interface Terminal {
  /** Types the text: `send('ls\r')`, `send('\x03')` for ^C, `send('\x10\x11')` for ^P^Q. */
  send(text: string): void;
  /** Another window size; the command gets SIGWINCH. */
  resize(rows: number, cols: number): void;
  /** Sends a signal to the command itself (not through the terminal). */
  signal(name: NodeJS.Signals): void;
  /** The window is closed: the command gets SIGHUP. */
  hangUp(): void;
  /** All that was shown so far, with carriage returns and escapes as they came. */
  text(): string;
  /** Waits until what was shown since the last `until` matches, and gives that match; fails after `ms`. */
  until(pattern: RegExp | string, ms?: number): Promise<RegExpExecArray>;
  /** Waits for the end of the command; kills it and fails after `ms`. */
  end(ms?: number): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** Runs a command in a pseudo-terminal of its own. */
export function terminal(argv: string[], options: TerminalOptions = {}): Terminal {
  const { rows = 24, cols = 80, env = environment, cwd = sandbox.work } = options;
  const helper = join(import.meta.dirname, 'terminal.py');
  const child = spawn('/usr/bin/python3', [helper, String(rows), String(cols), ...argv], {
    cwd,
    env: { TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  const order = (what: object) => child.stdin.write(`${JSON.stringify(what)}\n`);

  let shown = '';
  let seen = 0;
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    for (const wake of waiting) wake();
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  const quoted = () => JSON.stringify(shown.slice(-2000));

  return {
    send: (text) => void order({ send: text }),
    resize: (r, c) => void order({ resize: [r, c] }),
    signal: (name) => void order({ signal: constants.signals[name] }),
    hangUp: () => void child.stdin.end(),
    text: () => shown,
    until(pattern, ms = 60_000) {
      const regex =
        typeof pattern === 'string' ? new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : pattern;
      return new Promise((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        const look = () => {
          const match = regex.exec(shown.slice(seen));
          if (match === null) return false;
          seen += match.index + match[0].length;
          stop();
          resolve(match);
          return true;
        };
        const fail = (why: string) => {
          stop();
          reject(new Error(`${why} without ${regex} in the terminal: ${quoted()}`));
        };
        const timer = setTimeout(() => fail(`${ms} ms passed`), ms);
        waiting.add(look);
        if (!look()) void ended.then(() => look() || fail('the command ended'));
      });
    },
    async end(ms = 30_000) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          order({ signal: constants.signals.SIGKILL });
          reject(new Error(`${argv.join(' ')}: did not end in ${ms} ms; the terminal shows ${quoted()}`));
        }, ms);
      });
      return Promise.race([ended, late]).finally(() => clearTimeout(timer));
    },
  };
}

/** Runs `tsc-pod ARGS` in a pseudo-terminal. */
export function podTerminal(args: string[], options: TerminalOptions = {}): Terminal {
  return terminal([binary, ...args], options);
}
