/** RUN. */

import { PodError } from '../../error.ts';
import type { ResolvedRun } from '../dockerfile/resolve.ts';
import { runForm } from '../dockerfile/run-form.ts';
import { executionOf, type StageState } from '../stage-state.ts';
import { runVariables } from '../variables.ts';
import { argvOf } from './config-step.ts';
import { discardRoot } from './draft-root.ts';
import { runContainerOf } from './run-container.ts';
import { runOptions } from './run-options.ts';
import { sealRoot } from './seal-root.ts';
import type { BuildEnvironment, ReadyStep } from './step.ts';

/** Of a command that has failed: `run` would have given the exit code. */
export class StepFailure extends PodError {}

export function runStep(build: BuildEnvironment, state: StageState, run: ResolvedRun): ReadyStep {
  const config = executionOf(state);
  const form = runForm(run);
  if (form.form === 'script') throw new Error('scripts are to come');
  const argv = argvOf(form, config);
  const { declared, predefined } = runVariables(state, build.buildArgs);
  const network = networkOf(build, run.network);
  const words = argv.join(' ');
  const text = `RUN ${declared.length > 0 ? `|${declared.length} ${declared.join(' ')} ` : ''}${words} # buildkit`;
  return {
    shown: run.original,
    text,
    key: ['RUN', argv, config.Env, declared, config.User, config.WorkingDir, network, run.security],
    async make(state, telling) {
      const wish = {
        ...{ argv, env: [...predefined, ...declared], network },
        ...{ privileged: run.security === 'insecure', mounts: [], tmpfs: [] },
      };
      const { root, exitCode } = await runContainerOf(
        build,
        state,
        runOptions(build.options, wish),
        [],
        telling,
      );
      try {
        if (exitCode !== 0)
          throw new StepFailure({
            code: 'launch',
            message: `process "${words}" did not complete successfully: exit code: ${exitCode}`,
            exitCode: 1,
          });
        return await sealRoot(build, root, `cannot store the files of RUN ${words}`);
      } finally {
        discardRoot(root);
      }
    },
  };
}

function networkOf({ options }: BuildEnvironment, own: ResolvedRun['network']): string | undefined {
  if (own === 'none' || own === 'host') return own;
  return options.network === 'default' ? undefined : options.network;
}
