/** An instruction's words in a given environment. */

import { PodError } from '../../error.ts';
import type { Instruction, RunInstruction, RunMount } from './dockerfile.ts';
import type { ExpandOptions, Lookup } from './expand.ts';

/** RUN with its mounts' variables expanded, and so typed. */
export type ResolvedRun = RunInstruction & { readonly resolvedMounts: readonly RunMount[] };

export type Resolved = Exclude<Instruction, RunInstruction> | ResolvedRun;

/**
 * The instruction with every word expanded that the reference expands: ADD, COPY, ENV, EXPOSE, LABEL, STOPSIGNAL, USER,
 * VOLUME, WORKDIR, ARG, FROM (give it the global ARGs) and RUN's mounts. Others are given back as they are. All words of
 * one instruction see the environment as it was before it, but for ARG, whose later names see the earlier ones.
 */
export function resolveInstruction(
  _instruction: Instruction,
  _lookup: Lookup,
  _options: ExpandOptions = {},
): Resolved {
  throw new PodError({ code: 'unsupported', message: 'cannot resolve an instruction yet' });
}

/** What a RUN of heredocs runs (BuildKit's rules). */
export type RunForm =
  /** As it is. */
  | { readonly form: 'exec'; readonly argv: readonly string[] }
  /** The last argument of the stage's SHELL. */
  | { readonly form: 'shell'; readonly line: string }
  /** A heredoc alone that begins with `#!`: a file of mode 0755 at /dev/pipes/NAME, read-only, which is the command. */
  | { readonly form: 'script'; readonly name: string; readonly content: string };

export function runForm(_run: RunInstruction): RunForm {
  throw new PodError({ code: 'unsupported', message: 'cannot run a heredoc yet' });
}

/** `8000-8002/udp` -> ["8000/udp", ...]; the keys of ExposedPorts. Throws PodError `invalid`. */
export function exposedPorts(_ports: readonly string[]): string[] {
  throw new PodError({ code: 'unsupported', message: 'cannot expose ports yet' });
}
