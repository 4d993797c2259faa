/** RUN. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '../../container/name.ts';
import { removeTrees } from '../../container/remove-tree.ts';
import { PodError } from '../../error.ts';
import type { BuildContext } from '../context/build-context.ts';
import { shortened } from '../dockerfile/excerpt.ts';
import type { ResolvedRun } from '../dockerfile/resolve.ts';
import { type RunForm, runForm } from '../dockerfile/run-form.ts';
import { CommandFailure } from '../failure.ts';
import { refuseForeign } from '../refused.ts';
import type { StepTelling } from '../report.ts';
import { executionOf, type StageLayer, type StageState, workingDirectoryOf } from '../stage-state.ts';
import { type RunVariables, runVariables } from '../variables.ts';
import { argvOf } from './config-step.ts';
import { discardRoot } from './draft-root.ts';
import { type FoundMount, findMounts, mountKey, scriptMount, withMounts } from './run-mounts.ts';
import { runOptions } from './run-options.ts';
import { sealRoot } from './seal-root.ts';
import type { BuildEnvironment, ReadyStep } from './step.ts';

/** What a RUN has come to be, with everything looked up. */
interface ReadyRun {
  readonly argv: readonly string[];
  readonly form: RunForm;
  readonly variables: RunVariables;
  readonly network: string | undefined;
  readonly insecure: boolean;
  readonly mounts: readonly FoundMount[];
}

/** `filesOf`: what `from` of a mount means. */
export async function runStep(
  build: BuildEnvironment,
  state: StageState,
  run: ResolvedRun,
  filesOf: (from: string | undefined) => Promise<BuildContext>,
): Promise<ReadyStep> {
  const config = executionOf(state);
  const form = runForm(run);
  const argv = argvOf(
    form.form === 'script' ? { form: 'shell', line: `/dev/pipes/${form.name}` } : form,
    config,
  );
  const variables = runVariables(state, build.buildArgs);
  const mounts = await findMounts(run.resolvedMounts, workingDirectoryOf(state), filesOf);
  const network = networkOf(build, run.network);
  const ready = { argv, form, variables, network, insecure: isInsecure(build, run), mounts };
  const { declared } = variables;
  const { Env, User, WorkingDir } = config;
  const script = form.form === 'script' ? form.content : undefined;
  return {
    shown: run.original,
    text: `RUN ${declared.length > 0 ? `|${declared.length} ${declared.join(' ')} ` : ''}${argv.join(' ')} # buildkit`,
    key: [
      ...['RUN', argv, script, Env, declared, User, WorkingDir, network, run.security],
      mounts.map(mountKey),
    ],
    make: (state, telling) => carryOut(build, state, ready, telling),
  };
}

async function carryOut(
  build: BuildEnvironment,
  state: StageState,
  run: ReadyRun,
  telling: StepTelling,
): Promise<StageLayer> {
  const { argv, form, variables, network, insecure } = run;
  refuseForeign(state.config.architecture);
  const scratch = join(build.directory, `mounts-${newId().slice(0, 16)}`);
  mkdirSync(scratch, { mode: 0o700 });
  try {
    return await withMounts(build, run.mounts, scratch, async (flags) => {
      const script = form.form === 'script' ? [scriptMount(scratch, form.name, form.content)] : [];
      const options = runOptions(build.options, {
        ...{ argv, network, privileged: insecure, secrets: flags.secrets },
        env: [...variables.predefined, ...variables.declared, ...flags.env],
        mounts: [...flags.mounts, ...script],
      });
      const { runContainerOf } = await import('./run-container.ts'); // nothing of it is needed for what is cached
      const { root, exitCode } = await runContainerOf(build, state, options, flags.targets, telling);
      try {
        if (exitCode !== 0) throw failed(argv, exitCode);
        return await sealRoot(build, root, 'cannot store the files of a step');
      } finally {
        discardRoot(root);
      }
    });
  } finally {
    removeTrees([scratch]);
  }
}

function failed(argv: readonly string[], exitCode: number): PodError {
  return new CommandFailure({
    code: 'launch',
    message: `process "${shortened(argv.join(' '))}" did not complete successfully: exit code: ${exitCode}`,
    exitCode: 1,
  });
}

/** Throws PodError `denied` for the host's network, unless whoever builds has allowed it. */
function networkOf({ options }: BuildEnvironment, own: ResolvedRun['network']): string | undefined {
  if (own === 'host' && options.network !== 'host')
    demandAllowed(
      options,
      'network.host',
      "RUN --network=host reaches what listens on this machine's loopback",
    );
  const wish = own === 'none' || own === 'host' ? own : options.network;
  return wish === 'default' ? undefined : wish;
}

function isInsecure({ options }: BuildEnvironment, { security }: ResolvedRun): boolean {
  if (security !== 'insecure') return false;
  const why = 'RUN --security=insecure gives a command all capabilities within the user namespace';
  demandAllowed(options, 'security.insecure', why);
  return true;
}

/** As in docker's builder what a Dockerfile asks for has to be allowed by who builds it. */
function demandAllowed({ allow }: BuildEnvironment['options'], entitlement: string, why: string): void {
  if (allow.includes(entitlement)) return;
  throw new PodError({
    code: 'denied',
    message: `${entitlement} is not allowed`,
    why,
    hint: `tsc-pod build --allow ${entitlement} …`,
  });
}
