/** Everything about a new container, decided from what was asked, its image and the host; nothing is made here. */

import { basename, join, resolve } from 'node:path';
import { mergeCapabilities } from '../../rootless/capabilities.ts';
import { demandLimits } from '../../rootless/cgroup/plan.ts';
import { currentUser, type IdMaps } from '../../rootless/id-map.ts';
import { containerMaps } from '../../rootless/id-map-modes.ts';
import { toContainer } from '../../rootless/id-range.ts';
import type { OciMount, OciSpec } from '../../rootless/oci-spec.ts';
import type { ExecutionConfig, ImageRecord } from '../images/format/types.ts';
import { visibleLayers } from '../images/unpack/unpack.ts';
import { notifyMounts, parseNotifyMode } from '../systemd/sdnotify.ts';
import { askedOptions } from './asked.ts';
import { hostRootNotice } from './copy/host-root.ts';
import type { CreateContext } from './create.ts';
import { defaultMounts } from './default-mounts.ts';
import { isMapped } from './facts.ts';
import { checkDetachKeys } from './flags/detach-keys.ts';
import { buildEnvironment } from './flags/environment.ts';
import { healthOf } from './flags/health-options.ts';
import { KEEP_GROUPS, keepsGroups } from './flags/keep-groups.ts';
import { readLabels } from './flags/labels.ts';
import { type ResourceOptions, resourceOptions } from './flags/resource-options.ts';
import { restartPolicyOf } from './flags/restart-policy.ts';
import { seccompFor } from './flags/seccomp-choice.ts';
import { type SecretUse, secretsOf } from './flags/secret-flag.ts';
import { parseSecurityOptions, type SecurityOptions } from './flags/security-options.ts';
import { parseSysctls } from './flags/sysctl.ts';
import { parseUmask } from './flags/umask.ts';
import { infraSpec } from './infra-spec.ts';
import { readLayeredFile } from './layered-file.ts';
import { logSettings } from './log/log-settings.ts';
import { orderMounts } from './mounts/order.ts';
import { type UserMounts, userMounts } from './mounts/user-mounts.ts';
import { refuseConflicts } from './namespaces/namespace-conflicts.ts';
import { namespacesOf, readNamespaces } from './namespaces/namespaces.ts';
import { containersIn, foreignHostname, sharedNetworkOf } from './namespaces/shared-namespaces.ts';
import { type ContainerNetwork, networkOf } from './network.ts';
import type { ContainerOptions } from './options.ts';
import { bootId, identify } from './process-identity.ts';
import type { ContainerRecord, NamespaceModes } from './record.ts';
import { chooseDriver, layerDirectories } from './root.ts';
import { refuseMountsOverSecrets, withoutSecrets } from './secret-plan.ts';
import { stopSignalOf } from './signals.ts';
import { buildSpec, commandOf } from './spec.ts';
import { containerDirectory, type Draft } from './store.ts';
import { type ContainerUser, resolveUser } from './user.ts';

export interface Decision {
  record: ContainerRecord;
  mounts: UserMounts;
  spec: OciSpec;
  /** Texts of the files that are bound over the image's, by their path in the container. */
  files: Record<string, string>;
}

/** What several of the later decisions look at. */
interface Circumstances {
  options: ContainerOptions;
  context: CreateContext;
  image: ImageRecord;
  execution: ExecutionConfig;
  draft: Draft;
  /** Hex diff ids, the lowest first. */
  layers: string[];
  maps: IdMaps;
  namespaces: NamespaceModes;
  user: ContainerUser;
  limits: ResourceOptions;
  security: SecurityOptions;
  network: ContainerNetwork;
  mounts: UserMounts;
  secrets: SecretUse[];
}

export async function decide(
  options: ContainerOptions,
  context: CreateContext,
  image: ImageRecord,
  draft: Draft,
): Promise<Decision> {
  const { paths, host, notice } = context;
  const execution = image.config.config ?? {};
  const layers = visibleLayers(paths.layers, image.diffIds).map((id) => id.slice(id.indexOf(':') + 1));
  const limits = resourceOptions({ ...options.resources, ulimit: options.ulimit, shmSize: options.shmSize });
  limits.notices.forEach(notice);
  demandLimits(host.cgroups, limits.resources);
  const security = parseSecurityOptions(options.securityOpt, { privileged: options.privileged });
  const stack = layerDirectories(paths, layers);
  const read = (path: string) => readLayeredFile(stack, path);
  const { userns, uidmap, gidmap } = options;
  const wish = { ...(userns && { userns }), uidmap, gidmap };
  const namespaces = readNamespaces(options, containersIn(paths), host.defaultMaps);
  refuseConflicts(options, namespaces);
  const maps = namespaces.maps ?? containerMaps(host.defaultMaps, wish, { user: currentUser() });
  const user = resolveUser(
    options.user ?? keptUser(options, maps) ?? execution.User ?? '',
    keepsGroups(options) ? [] : options.groupAdd,
    read,
  );
  const network = await networkOf(options, {
    name: draft.name,
    id: draft.id,
    imageExposed: Object.keys(execution.ExposedPorts ?? {}),
    environment: context.environment,
    paths,
    maps,
    starts: context.starts,
    shared: sharedNetworkOf(paths, namespaces),
    hostname: foreignHostname(paths, namespaces),
    ownUser: !/^(container|ns):/.test(namespaces.modes.user),
    notice,
  });
  const mounts = userMounts(options, {
    paths,
    directory: containerDirectory(paths, draft.id),
    imageVolumes: execution.Volumes,
    user,
    maps,
    defaults: host.defaultMaps,
    notice,
    dryRun: context.dryRun === true,
    ownSources: options.ownSources === true,
  });
  const secrets = secretsOf(options.secret, paths);
  refuseMountsOverSecrets(mounts.mounts, secrets);
  const all = {
    options,
    context,
    image,
    execution,
    draft,
    layers,
    maps,
    namespaces: namespaces.modes,
    user,
    limits,
    security,
    network,
    mounts,
    secrets,
  };
  const spec = options.inPod?.infra ? infraSpec(specOf(all)) : specOf(all);
  const warning = hostRootNotice(maps, spec.process.capabilities);
  if (warning) notice(warning);
  const driver = await chooseDriver(paths, host, maps, options.storageDriver);
  return { spec, mounts, record: { ...recordOf(all, spec), driver }, files: network.files };
}

/** With --userns keep-id a container runs as who started it, podman-run(1). */
function keptUser({ userns }: ContainerOptions, maps: IdMaps): string | undefined {
  if (!userns?.startsWith('keep-id')) return undefined;
  const { uid, gid } = currentUser();
  return `${toContainer(uid, maps.uid)}:${toContainer(gid, maps.gid)}`;
}

function mountsOf({
  options,
  context,
  draft,
  limits,
  security,
  network,
  mounts,
  namespaces,
  maps,
}: Circumstances): OciMount[] {
  const directory = containerDirectory(context.paths, draft.id);
  const own = defaultMounts({
    shmSize: limits.shmSize,
    ttyGroup: isMapped(maps.gid, 5),
    hostNetwork: network.mode === 'host',
    ipc: namespaces.ipc,
    hostPid: namespaces.pid === 'host',
    hostCgroup: namespaces.cgroup === 'host',
    unifiedCgroup: context.host.cgroups.mode === 'unified',
    privileged: options.privileged,
    procOptions: security.procOptions,
    files: {
      ...Object.fromEntries(
        Object.keys(network.files).map((path) => [path, join(directory, basename(path))]),
      ),
      ...network.shared,
    },
  });
  const { mounts: notify } = notifyMounts(parseNotifyMode(options.sdnotify), context.environment);
  return [...orderMounts(own, mounts.mounts), ...notify];
}

function environmentOf({ options, context, execution, network, user, secrets }: Circumstances): string[] {
  const env = buildEnvironment({
    image: execution.Env ?? [],
    files: options.envFile,
    flags: [...options.env, ...notifyMounts(parseNotifyMode(options.sdnotify), context.environment).env],
    host: context.environment,
    hostname: network.hostname,
    tty: options.tty,
    home: user.home,
  });
  return withoutSecrets(env, secrets);
}

function specOf(all: Circumstances): OciSpec {
  const { options, context, execution, user, limits, security, network, maps } = all;
  const { entrypoint, command } = commandOf(execution, options.entrypoint, options.command);
  const capabilities = mergeCapabilities({
    add: options.capAdd,
    drop: options.capDrop,
    privileged: options.privileged,
    root: user.uid === 0,
    last: context.host.lastCapability,
  });
  const size = context.terminalSize;
  return buildSpec({
    args: [...entrypoint, ...command],
    env: environmentOf(all),
    cwd: options.workdir ?? (execution.WorkingDir || '/'),
    user,
    umask: parseUmask(options.umask ?? '0022'),
    terminal: options.tty,
    consoleSize: size && { height: size.rows, width: size.columns },
    capabilities,
    rlimits: limits.rlimits,
    noNewPrivileges: security.noNewPrivileges,
    oomScoreAdj: limits.oomScoreAdj,
    seccomp: seccompFor(security, capabilities.bounding),
    readonlyRoot: options.readOnly,
    hostname: network.hostname,
    domainname: options.domainname,
    mounts: mountsOf(all),
    annotations: {
      ...readLabels(options.annotation, []),
      ...(keepsGroups(options) && { [KEEP_GROUPS]: '1' }),
    },
    namespaces: namespacesOf(all.namespaces, network.namespace),
    maps,
    sysctl: { ...network.sysctls, ...parseSysctls(options.sysctl) },
    resources: limits.resources,
    maskedPaths: security.maskedPaths,
    readonlyPaths: security.readonlyPaths,
  });
}

function recordOf(all: Circumstances, spec: OciSpec): Omit<ContainerRecord, 'driver'> {
  const { options, image, execution, draft, layers, maps, network, mounts } = all;
  const { mode, ports, exposed, operations, address, networks } = network;
  const labels = { ...execution.Labels, ...readLabels(options.label, options.labelFile) };
  return {
    version: 1,
    id: draft.id,
    name: draft.name,
    created: new Date().toISOString(),
    starter: all.context.starts ? { ...identify(process.pid), boot: bootId() } : undefined,
    image: { asked: options.image, name: image.names[0] ?? image.id, id: image.id, digest: image.digest },
    args: spec.process.args,
    asked: askedOptions(options),
    createCommand: all.context.commandLine,
    config: {
      user: options.user ?? execution.User ?? '',
      volumes: Object.keys(execution.Volumes ?? {}),
    },
    ...commandOf(execution, options.entrypoint, options.command),
    labels,
    annotations: spec.annotations ?? {},
    layers,
    maps,
    namespaces: all.namespaces,
    ...(options.inPod && { pod: options.inPod.id, infra: options.inPod.infra }),
    network: { mode, ports, exposed, operations, address, ...(networks && { networks }) },
    log: logSettings(options, {
      id: draft.id,
      name: draft.name,
      image: { name: image.names[0] ?? image.id, id: image.id },
      labels,
      env: spec.process.env,
    }),
    interactive: options.interactive,
    tty: options.tty,
    autoRemove: options.rm,
    init: options.init,
    privileged: options.privileged,
    stopSignal: stopSignalOf(options.stopSignal ?? execution.StopSignal),
    stopTimeout: options.stopTimeout ?? execution.StopTimeout ?? 10,
    detachKeys: checkDetachKeys(options.detachKeys ?? 'ctrl-p,ctrl-q'),
    restart: restartPolicyOf(options),
    sdnotify: options.sdnotify === undefined ? undefined : parseNotifyMode(options.sdnotify),
    pidfile: options.pidfile && resolve(options.pidfile),
    volumes: mounts.volumes,
    overlays: mounts.overlays,
    ...(all.secrets.length > 0 && { secrets: all.secrets }),
    userMounts: mounts.shown,
    hints: mounts.hints,
    ...healthOf(options.health, execution),
  };
}
