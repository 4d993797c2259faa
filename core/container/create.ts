import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { mergeCapabilities } from '../../rootless/capabilities.ts';
import { cgroupPlan } from '../../rootless/cgroup/plan.ts';
import { currentUser, mapPlan } from '../../rootless/id-map.ts';
import { containerMaps } from '../../rootless/id-map-modes.ts';
import { ownerShift } from '../../rootless/id-map-shift.ts';
import { runLauncher } from '../../rootless/launcher.ts';
import type { OciSpec } from '../../rootless/oci-spec.ts';
import { driverFor } from '../../rootless/overlay/driver.ts';
import { copyPlan, type RootParts, rootPlan } from '../../rootless/overlay/root-plan.ts';
import type { Operation } from '../../rootless/plan.ts';
import type { ImageRecord } from '../images/types.ts';
import { launcherPath } from '../launcher.ts';
import type { Paths } from '../paths.ts';
import { defaultMounts } from './default-mounts.ts';
import { buildEnvironment } from './environment.ts';
import { type HostFacts, isMapped } from './facts.ts';
import { reserveIdFile } from './id-file.ts';
import { readLabels } from './labels.ts';
import { readLayeredFile } from './layered-file.ts';
import { logSettings } from './log-settings.ts';
import { namespacesOf } from './namespaces.ts';
import { checkPublished, networkOf } from './network.ts';
import type { ContainerOptions } from './options.ts';
import { probeOverlay } from './probe-overlay.ts';
import type { ContainerRecord } from './record.ts';
import { resourceOptions } from './resource-options.ts';
import { seccompFor } from './seccomp-choice.ts';
import { parseSecurityOptions } from './security-options.ts';
import { stopSignalOf } from './signals.ts';
import { buildSpec, commandOf } from './spec.ts';
import {
  abandonContainer,
  beginContainer,
  commitContainer,
  containerDirectory,
  type Draft,
} from './store.ts';
import { parseSysctls } from './sysctl.ts';
import { resolveUser } from './user.ts';
import { volumeMounts } from './volumes.ts';

export interface CreateContext {
  paths: Paths;
  environment: NodeJS.ProcessEnv;
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
  directory: string;
  root: Operation[];
  cgroup: Operation[];
  /** The command that starts the launcher, where it must be in a cgroup of its own. */
  prefix: string[];
  hints: Map<string, string>;
}

/** Makes a container from what was asked, whole or not at all. */
export async function createContainer(
  options: ContainerOptions,
  context: CreateContext,
): Promise<CreatedContainer> {
  const idFile = options.cidfile === undefined || context.dryRun ? undefined : reserveIdFile(options.cidfile);
  try {
    await checkPublished(options);
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
  const { paths } = context;
  const draft = beginContainer(paths, options.name);
  try {
    const created = await decide(options, context, image, draft);
    if (context.dryRun) abandonContainer(paths, draft);
    else commitContainer(paths, draft, created.spec, created.record);
    return created;
  } catch (error) {
    abandonContainer(paths, draft);
    throw error;
  }
}

/** Files of the container that lie outside its root: text by destination. */
function writeFiles(draft: Draft, files: Record<string, string>): void {
  for (const [destination, text] of Object.entries(files))
    writeFileSync(join(draft.directory, destination.slice(destination.lastIndexOf('/') + 1)), text, {
      mode: 0o644,
    });
}

async function decide(
  options: ContainerOptions,
  context: CreateContext,
  image: ImageRecord,
  draft: Draft,
): Promise<CreatedContainer> {
  const { paths, host } = context;
  const execution = image.config.config ?? {};
  const directory = containerDirectory(paths, draft.id);
  const { resources, rlimits, shmSize, oomScoreAdj, notices } = resourceOptions({
    ...options.resources,
    ulimit: options.ulimit,
    shmSize: options.shmSize,
  });
  notices.forEach(context.notice);
  const security = parseSecurityOptions(options.securityOpt, { privileged: options.privileged });
  const layers = image.diffIds.map((id) => id.slice(id.indexOf(':') + 1));
  const lowers = layers.map((id) => join(paths.layers, id, 'fs')).reverse();
  const user = resolveUser(options.user ?? execution.User ?? '', options.groupAdd, (path) =>
    readLayeredFile(lowers, path),
  );
  const maps = containerMaps(
    host.defaultMaps,
    { ...(options.userns && { userns: options.userns }), uidmap: options.uidmap, gidmap: options.gidmap },
    { user: currentUser() },
  );
  const shift = ownerShift(host.defaultMaps, maps);
  const driver = await driverFor({
    wish: options.storageDriver,
    dataRoot: paths.data,
    shift,
    probe: () => probeOverlay(paths, host),
  });
  const parts: RootParts = {
    lowers,
    upper: join(directory, 'upper'),
    work: join(directory, 'work'),
    copy: join(directory, 'copy'),
  };
  const network = await networkOf(options, {
    id: draft.id,
    name: draft.name,
    imageExposed: Object.keys(execution.ExposedPorts ?? {}),
    environment: context.environment,
    paths,
    maps,
    notice: context.notice,
  });
  const volumes = volumeMounts(
    { volume: options.volume, tmpfs: options.tmpfs, device: options.device },
    paths,
  );
  const capabilities = mergeCapabilities({
    add: options.capAdd,
    drop: options.capDrop,
    privileged: options.privileged,
    root: user.uid === 0,
    last: host.lastCapability,
  });
  const { entrypoint, command } = commandOf(execution, options.entrypoint, options.command);
  const hostname = network.hostname;
  const files = Object.fromEntries(
    Object.keys(network.files).map((path) => [path, join(directory, path.slice(path.lastIndexOf('/') + 1))]),
  );
  const covered = new Set(volumes.mounts.map((mount) => mount.destination));
  const spec = buildSpec({
    args: [...entrypoint, ...command],
    env: buildEnvironment({
      image: execution.Env ?? [],
      files: options.envFile,
      flags: options.env,
      host: context.environment,
      hostname,
      tty: options.tty,
      home: user.home,
    }),
    cwd: options.workdir ?? (execution.WorkingDir || '/'),
    user,
    umask: options.umask === undefined ? 0o022 : Number.parseInt(options.umask, 8),
    terminal: options.tty,
    consoleSize: context.terminalSize && {
      height: context.terminalSize.rows,
      width: context.terminalSize.columns,
    },
    capabilities,
    rlimits,
    noNewPrivileges: security.noNewPrivileges,
    oomScoreAdj,
    seccomp: seccompFor(security, capabilities.bounding),
    readonlyRoot: options.readOnly,
    hostname,
    domainname: options.domainname,
    mounts: [
      ...defaultMounts({
        shmSize,
        ttyGroup: isMapped(maps.gid, 5),
        hostNetwork: network.mode === 'host',
        unifiedCgroup: host.cgroups.mode === 'unified',
        privileged: options.privileged,
        procOptions: security.procOptions,
        files,
      }).filter((mount) => !covered.has(mount.destination)),
      ...volumes.mounts,
    ],
    annotations: readLabels(options.annotation, []),
    namespaces: namespacesOf(options, network.namespace),
    maps,
    sysctl: { ...network.sysctls, ...parseSysctls(options.sysctl) },
    resources,
    maskedPaths: security.maskedPaths,
    readonlyPaths: security.readonlyPaths,
  });
  const record: ContainerRecord = {
    version: 1,
    id: draft.id,
    name: draft.name,
    created: new Date().toISOString(),
    image: { asked: options.image, name: image.names[0] ?? image.id, id: image.id, digest: image.digest },
    args: spec.process.args,
    entrypoint,
    command,
    labels: { ...execution.Labels, ...readLabels(options.label, options.labelFile) },
    annotations: spec.annotations ?? {},
    driver: driver.name,
    layers,
    maps,
    network: {
      mode: network.mode,
      ports: network.ports,
      exposed: network.exposed,
      operations: network.operations,
      address: network.address,
    },
    log: logSettings(options),
    interactive: options.interactive,
    tty: options.tty,
    autoRemove: options.rm,
    init: options.init,
    privileged: options.privileged,
    stopSignal: stopSignalOf(options.stopSignal ?? execution.StopSignal),
    stopTimeout: options.stopTimeout ?? execution.StopTimeout ?? 10,
    detachKeys: options.detachKeys ?? 'ctrl-p,ctrl-q',
    pidfile: options.pidfile && resolve(options.pidfile),
    volumes: volumes.volumes,
    healthcheck: execution.Healthcheck,
  };
  const wish = { id: draft.id, resources, always: options.detach || !options.rm };
  const cgroup = cgroupPlan(host.cgroups, wish);
  if (!context.dryRun) {
    for (const name of ['upper', 'work', 'rootfs'])
      mkdirSync(join(draft.directory, name), { mode: name === 'upper' ? 0o755 : 0o700 });
    writeFiles(draft, network.files);
    if (driver.name === 'copy') makeCopy(draft, parts, host, shift);
  }
  return {
    record,
    spec,
    directory,
    root: rootPlan(driver, parts, shift),
    cgroup: cgroup.ops,
    prefix: cgroup.prefix,
    hints: volumes.hints,
  };
}

/** The copy driver's tree is made before the container is: its start only binds it. */
function makeCopy(
  draft: Draft,
  parts: RootParts,
  host: HostFacts,
  shift: ReturnType<typeof ownerShift>,
): void {
  const copy = join(draft.directory, 'copy');
  mkdirSync(copy, { mode: 0o755 });
  runLauncher(launcherPath(), 'enter', [
    ...mapPlan(host.defaultMaps),
    ['namespace', 'user'],
    ...copyPlan({ ...parts, copy }, shift),
  ]);
}
