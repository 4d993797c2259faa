/** `build --check`: what docker's build checks warn about. */

import { PodError } from '../../error.ts';
import type { Dockerfile } from '../dockerfile/dockerfile.ts';
import type { CheckOptions, Rule, Warning } from './rule.ts';
import { STAGE_RULES } from './stage-rules.ts';
import { STEP_RULES } from './step-rules.ts';
import { stepsOf } from './steps.ts';

const RULES: readonly Rule[] = [...STAGE_RULES, ...STEP_RULES];

/** In the order of their lines, then of their rules' names; without what `# check=skip=` names. */
export function checkDockerfile(file: Dockerfile, options: CheckOptions = {}): Warning[] {
  const { skip = [], experimental = [] } = file.directives.check ?? {};
  if (skip.includes('all')) return [];
  const context = { file, options, steps: stepsOf(file, options) };
  const warnings: Warning[] = [];
  for (const { name, description, experimental: tried = false, check } of RULES) {
    if (skip.includes(name) || (tried && !experimental.includes('all') && !experimental.includes(name)))
      continue;
    const url = `https://docs.docker.com/go/dockerfile/rule/${dashed(name)}/`;
    check(context, (line, message) => warnings.push({ rule: name, description, url, message, line }));
  }
  return warnings.sort(
    (a, b) => a.line.start - b.line.start || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0),
  );
}

/** `JSONArgsRecommended` -> `json-args-recommended`. */
function dashed(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase();
}

/** Where `# check=error=true` makes warnings an error: that error. */
export function checkFailure(file: Dockerfile, warnings: readonly Warning[]): PodError | undefined {
  if (warnings.length === 0 || !file.directives.check?.error) return undefined;
  const rules = [...new Set(warnings.map(({ rule }) => rule))].sort();
  return new PodError({
    code: 'invalid',
    message: `cannot build ${file.name}`,
    why: `lint violation found for rules: ${rules.join(', ')}`,
    hint: 'tsc-pod build --check   # tells more; "# check=error=true" makes it an error',
  });
}
