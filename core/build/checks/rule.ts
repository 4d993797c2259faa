/** What a check is: docker's build checks (Docker's docs, "Build checks"), whose names, texts and addresses these have. */

import type { Dockerfile, LineRange } from '../dockerfile/dockerfile.ts';
import type { Ignore } from '../dockerfile/ignore.ts';
import type { CheckedStep } from './steps.ts';

export interface CheckOptions {
  /** --build-arg */
  readonly buildArgs?: ReadonlyMap<string, string>;
  /** `NAME=VALUE` of an image's config; undefined where the image isn't here: then less can be said of variables. */
  readonly environmentOf?: (image: string) => readonly string[] | undefined;
  /** Of the context, where there is one. */
  readonly ignore?: Ignore;
}

export interface CheckContext {
  readonly file: Dockerfile;
  readonly options: CheckOptions;
  /** Every instruction but FROM, with its variables expanded, in the file's order. */
  readonly steps: readonly CheckedStep[];
}

export type Report = (line: LineRange, message: string) => void;

export interface Rule {
  readonly name: string;
  /** What it is about, in one sentence. */
  readonly description: string;
  /** Only where `# check=experimental=` asks for it. */
  readonly experimental?: boolean;
  readonly check: (context: CheckContext, report: Report) => void;
}

export interface Warning {
  readonly rule: string;
  readonly description: string;
  /** Docker's page about the rule. */
  readonly url: string;
  readonly message: string;
  readonly line: LineRange;
}
