import { basename, join } from 'node:path';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import type { ImageRecord } from '../images/format/types.ts';
import type { Paths } from '../paths.ts';
import { prepareForBoot } from '../systemd/restart-unit.ts';
import type { NewVolume } from '../volume/store.ts';
import { releaseVolume } from '../volume/users.ts';
import { writeFile } from '../write-file.ts';
import { decide } from './decide.ts';
import { networkWords } from './default-network.ts';
import { freeName } from './discard.ts';
import { emitContainerEvent, writeSubject } from './events.ts';
import type { HostFacts } from './facts.ts';
import { reserveIdFile } from './flags/id-file.ts';
import { prepareMounts } from './mounts/prepare.ts';
import { checkNetwork } from './network.ts';
import type { ContainerOptions } from './options.ts';
import type { ContainerRecord } from './record.ts';
import { makeRoot } from './root.ts';
import { abandonContainer, beginContainer, commitContainer } from './store.ts';

export interface CreateContext {
  paths: Paths;
  /** This process goes on to start the container. */
  starts: boolean;
  environment: NodeJS.ProcessEnv;
  /** What the user typed, for `inspect`. */
  commandLine?: string[] | undefined;
  host: HostFacts;
  /** Finds the image, pulling it when the options say so. */
  image: (options: ContainerOptions) => Promise<ImageRecord>;
  /** Rows and columns of the caller's terminal. */
  terminalSize?: { rows: number; columns: number } | undefined;
  notice: (line: string) => void;
  /** Decide everything, make nothing that stays. */
  dryRun?: boolean;
}

export interface CreatedContainer {
  record: ContainerRecord;
  spec: OciSpec;
}

/** Makes a container from what was asked, whole or not at all. */
export async function createContainer(
  asked: ContainerOptions,
  context: CreateContext,
): Promise<CreatedContainer> {
  const options = { ...asked, network: await networkWords(asked.network, context.environment) };
  const idFile = options.cidfile === undefined || context.dryRun ? undefined : reserveIdFile(options.cidfile);
  try {
    await checkNetwork(context.paths, options, context.starts);
    const created = await create(options, context, await context.image(options));
    idFile?.write(created.record.id);
    return created;
  } catch (error) {
    idFile?.release();
    throw error;
  }
}

async function create(
  options: ContainerOptions,
  context: CreateContext,
  image: ImageRecord,
): Promise<CreatedContainer> {
  const { paths, host } = context;
  if (options.name !== undefined) freeName(paths, options.name);
  const draft = beginContainer(paths, options.name);
  let wanted: NewVolume[] = [];
  try {
    const { record, spec, mounts, files } = await decide(options, context, image, draft);
    if (context.dryRun) abandonContainer(paths, draft);
    else {
      wanted = mounts.wanted;
      makeRoot(paths, host, record, draft.directory);
      for (const [path, text] of Object.entries(files))
        writeFile(join(draft.directory, basename(path)), text, { mode: 0o644 });
      prepareMounts(paths, host, record, mounts, draft.directory, spec.process.user);
      writeSubject(draft.directory, record);
      commitContainer(paths, draft, spec, record);
      emitContainerEvent(paths, record, 'create');
      prepareForBoot(record.restart, context);
    }
    return { record, spec };
  } catch (error) {
    for (const { name } of wanted) releaseVolume(paths, name, draft.id);
    abandonContainer(paths, draft);
    throw error;
  }
}
