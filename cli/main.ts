/**
 * The program's entry. Everything above `main` is done while the binary is built, and kept in its start-up snapshot;
 * what belongs to one run (argv, environment, streams) is taken in `main`.
 */

import { writeFileSync } from 'node:fs';
import { getAsset } from 'node:sea';
import { startupSnapshot } from 'node:v8';
import { provideAssets } from '../core/assets.ts';
import { provideCompiledDefaults } from '../core/container/flags/seccomp-choice.ts';
import { provideLauncher } from '../core/launcher.ts';
import { provideOwnProgram, UNPACKER } from '../core/own-program.ts';
import { PodCommand, podContext } from './command.ts';
import { commandTable } from './command-table.ts';
import { commands } from './commands.ts';
import { COMPILER, compileModules } from './compile-modules.ts';
import { dispatch } from './dispatch.ts';
import { reportError } from './output/error.ts';
import { standardStreams } from './output/standard-streams.ts';
import { watchOutput } from './output/streams.ts';
import { warmUp } from './warm-up.ts';

declare const VERSION: string;
declare const LAUNCHER_HASH: string;

const newTable = () => commandTable({ name: 'tsc-pod', version: VERSION }, PodCommand, commands());

async function main(): Promise<void> {
  if (process.argv[2] === UNPACKER) return unpackForAnother();
  if (process.argv[2] === COMPILER) {
    writeFileSync(process.argv[3]!, JSON.stringify(await compileModules(newTable)));
    process.exit(0);
  }
  const streams = standardStreams((stream, name) =>
    watchOutput(stream, name, (error) =>
      process.exit(name === 'standard error' ? 125 : reportError(error, context, { debug: false })),
    ),
  );
  const context = podContext(process.env, streams);
  // Of two things that fail side by side the second has nobody who waits for it: it is told as any error.
  const fail = (error: unknown) => process.exit(reportError(error, context, { debug: false }));
  process.on('unhandledRejection', fail).on('uncaughtException', fail);
  const asset = (name: string) => new Uint8Array(getAsset(name));
  provideAssets(asset);
  provideCompiledDefaults(() => Buffer.from(asset('seccomp')).toString('latin1'));
  provideOwnProgram(['/proc/self/exe']);
  provideLauncher({ hash: LAUNCHER_HASH, read: () => asset('launcher') });
  const status = await dispatch(process.argv.slice(2), newTable(), context);
  // All output is written, but a stream tells of a write that failed only in the next tick. Ending at once leaves out
  // the tearing down of the heap.
  setImmediate(() => process.exit(status));
}

/** The whole life of a process that unpackers.ts has started. An interrupt is for that one to deal with. */
async function unpackForAnother(): Promise<void> {
  process.on('SIGINT', () => {});
  const { serveUnpacking } = await import('../core/images/unpack/unpack-server.ts');
  await serveUnpacking(process.stdin, (line) => void process.stdout.write(line));
  process.exit(0);
}

if (startupSnapshot.isBuildingSnapshot()) {
  startupSnapshot.setDeserializeMainFunction(() => void main());
  void warmUp(newTable, 'typical');
} else void main();
