import type { CreateContext } from '../core/container/create.ts';
import { hostFacts } from '../core/container/facts.ts';
import { HEALTH_ACTIONS } from '../core/container/flags/health-options.ts';
import type { ContainerOptions } from '../core/container/options.ts';
import { Option } from './command.ts';
import { LimitCommand } from './limit-command.ts';
import { obtainImage } from './obtain-image.ts';
import { oneOf, parseDuration, parsed, parseInteger } from './parse.ts';
import { pathsOf } from './paths.ts';
import { platformText } from './platform-flags.ts';
import { terminalSize } from './terminal-size.ts';

const list = (names: string, description: string) => Option.Array(names, [], { description });
const text = (names: string, description: string) => Option.String(names, { description });
const duration = (names: string, description: string) =>
  Option.String(names, { description, validator: parsed(parseDuration) });
const flag = (names: string, description: string) => Option.Boolean(names, false, { description });

/** The flags that `run` and `create` share, in docker's words. */
export abstract class ContainerCommand extends LimitCommand {
  addHost = list('--add-host', 'Add a line to /etc/hosts (`name:address`)');
  annotation = list('--annotation', 'Add an annotation (`key=value`)');
  arch = text('--arch', 'Of several images the one for this `architecture`');
  attach = list('-a,--attach', 'Attach only to stdin, stdout or stderr (`stream`)');
  authfile = text('--authfile', 'Credentials of registries are in this `file`');
  capAdd = list('--cap-add', 'Add a `capability`');
  capDrop = list('--cap-drop', 'Drop a `capability`');
  certDir = text('--cert-dir', 'Certificates of registries are in this `directory`');
  cgroupns = text('--cgroupns', 'Cgroup namespace: private, host, container:NAME or ns:PATH (`mode`)');
  cidfile = text('--cidfile', 'Write the container id to this `file`');
  detachKeys = text('--detach-keys', 'The `keys` that detach from a container (default ctrl-p,ctrl-q)');
  device = list('--device', 'Give a `device` of the host');
  noHosts = Option.Boolean('--no-hosts', false, { description: "Leave the image's /etc/hosts as it is" });
  dns = list('--dns', 'Name `server` to use');
  dnsOption = list('--dns-option,--dns-opt', 'An `option` for resolv.conf');
  dnsSearch = list('--dns-search', 'A search `domain` for resolv.conf');
  domainname = text('--domainname', 'NIS domain `name`');
  entrypoint = text('--entrypoint', "Replace the image's entrypoint (`command`)");
  env = list('-e,--env', 'Set a variable (`name=value`), or pass one on (`name`)');
  envFile = list('--env-file', 'Read variables from a `file`');
  expose = list('--expose', 'A `port` that the container listens on');
  gidmap = list('--gidmap', 'Group id map (`container:host:size`)');
  groupAdd = list('--group-add', 'A further `group` for the process');
  healthCmd = text('--health-cmd', 'Check its health by this `command`, or `none`');
  healthInterval = Option.String('--health-interval', {
    description: 'Time between checks, or disable (default 30s) (`duration`)',
    validator: parsed((text) => (text === 'disable' ? -1 : parseDuration(text))),
  });
  healthOnFailure = Option.String('--health-on-failure', 'none', {
    description: 'When it is unhealthy: none, kill, restart or stop (`action`)',
    validator: oneOf(...HEALTH_ACTIONS),
  });
  healthRetries = Option.String('--health-retries', {
    description: 'Failures in a row that make it unhealthy (default 3) (`number`)',
    validator: parsed((text) => parseInteger(text, 0)),
  });
  healthStartInterval = duration(
    '--health-start-interval',
    'Time between checks while it starts (default 5s) (`duration`)',
  );
  healthStartPeriod = duration(
    '--health-start-period',
    'Time in which failures do not count (default 0s) (`duration`)',
  );
  healthTimeout = duration('--health-timeout', 'Time that a check may take (default 30s) (`duration`)');
  hostname = text('-h,--hostname', 'Host `name` of the container');
  imageVolume = Option.String('--image-volume', 'anonymous', {
    description: "The image's volumes: anonymous (or bind), tmpfs or ignore (`mode`)",
    validator: oneOf('anonymous', 'bind', 'ignore', 'tmpfs'),
  });
  init = flag('--init', 'Run a process 1 that passes on signals and reaps processes');
  interactive = flag('-i,--interactive', 'Keep standard input open');
  ipc = text('--ipc', 'IPC namespace: shareable, private, none, host, container:NAME or ns:PATH (`mode`)');
  label = list('-l,--label', 'A `label`, key=value');
  labelFile = list('--label-file', 'Read labels from a `file`');
  logDriver = text(
    '--log-driver',
    'Where output goes: k8s-file, json-file, journald, none or passthrough (`driver`)',
  );
  logOpt = list('--log-opt', 'max-size, max-file, path, tag, labels or env of the log (`key=value`)');
  mount = list(
    '--mount',
    'Mount a bind, volume, tmpfs, image or devpts: type=bind,src=/host,dst=/path (`mount`)',
  );
  containerName = text('--name', 'A `name` for the container');
  ip = text('--ip', 'Its IPv4 `address` in the network');
  ip6 = text('--ip6', 'Its IPv6 `address` in the network');
  macAddress = text('--mac-address', 'Its hardware `address` in the network');
  network = list(
    '--network,--net',
    'Network: one of network ls, slirp4netns, pasta, none, host, container:NAME or ns:PATH (`mode`)',
  );
  networkAlias = list('--network-alias,--net-alias', 'A further `name` for the others in its networks');
  noHealthcheck = flag('--no-healthcheck', 'Do not check its health');
  oomKillDisable = flag('--oom-kill-disable', 'Has no effect on cgroup v2');
  oomScoreAdj = text('--oom-score-adj', 'How soon the kernel kills it for memory, -1000 to 1000 (`number`)');
  os = text('--os', 'Of several images the one for this `system`');
  pid = text('--pid', 'PID namespace: private, host, container:NAME or ns:PATH (`mode`)');
  pidfile = text('--pidfile', 'Write the process id of the container to this `file`');
  pod = text('--pod', 'Put it into a `pod`; new:NAME makes one');
  platform = text('--platform', 'The `platform` of the image, as linux/arm64');
  preserveFds = Option.String('--preserve-fds', '0', {
    description: 'Pass on this many descriptors beside the first three (`number`)',
    validator: parsed((text) => parseInteger(text, 0, 1000)),
  });
  privileged = flag('--privileged', 'All capabilities, no filter, nothing hidden');
  publish = list(
    '-p,--publish',
    "Publish a port (`[address:][port:]port`); the container sees the client's address",
  );
  publishAll = flag('-P,--publish-all', 'Publish all exposed ports on random ones');
  pull = Option.String('--pull', 'missing', {
    description: 'Fetch the image: always, missing, never or newer (`when`)',
    validator: oneOf('always', 'missing', 'never', 'newer'),
  });
  quiet = flag('-q,--quiet', 'Say nothing while pulling');
  readOnly = flag('--read-only', 'Mount the root file system read-only');
  readOnlyTmpfs = Option.Boolean('--read-only-tmpfs', true, {
    description: 'With --read-only, /run, /tmp and /var/tmp can be written to',
  });
  restart = text(
    '--restart',
    'Start it anew when it ends: no, on-failure[:n], always or unless-stopped (`policy`)',
  );
  sdnotify = text('--sdnotify', 'Who tells systemd of the start: container, conmon or ignore (`mode`)');
  rm = flag('--rm', 'Remove the container when it has ended');
  secret = list('--secret', 'Give a `secret`: name[,type=mount|env,target=x,uid=n,gid=n,mode=n]');
  securityOpt = list('--security-opt', 'A security `option`');
  shmSize = text('--shm-size', 'Size of /dev/shm (`size`)');
  signaturePolicy = Option.String('--signature-policy', { hidden: true });
  stopSignal = text('--stop-signal', 'The `signal` that stops the container');
  stopTimeout = Option.String('--stop-timeout', {
    description: 'Time to stop before it is killed, -1: no limit (`seconds`)',
    validator: parsed((text) => parseInteger(text, -1)),
  });
  sysctl = list('--sysctl', 'Set a kernel parameter of a namespace (`key=value`)');
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates of registries' });
  tmpfs = list('--tmpfs', 'Mount a tmpfs (`path[:options]`)');
  tty = flag('-t,--tty', 'Give the container a terminal');
  uidmap = list('--uidmap', 'User id map (`container:host:size`)');
  ulimit = list('--ulimit', 'A resource `limit`, as nofile=1024:2048');
  umask = text('--umask', 'File mode creation mask, as 0022 (`mask`)');
  user = text('-u,--user', '`user[:group]`, names or numbers');
  userns = text('--userns', 'User namespace: host, keep-id, nomap, auto, container:NAME or ns:PATH (`mode`)');
  uts = text('--uts', 'UTS namespace: private, host, container:NAME or ns:PATH (`mode`)');
  variant = text('--variant', 'Of several images the one for this `variant` of the architecture');
  volume = list('-v,--volume', 'Mount a `volume`: /host/path:/path[:ro] or name:/path');
  volumesFrom = list('--volumes-from', "Mount another container's volumes (`container[:ro]`)");
  workdir = text('-w,--workdir', 'Working `directory`');

  image = Option.String({ name: 'image' });
  command = Option.Proxy({ name: 'command' });

  protected options(own: Pick<ContainerOptions, 'detach' | 'sigProxy'>): ContainerOptions {
    const { image, command, containerName, pull } = this;
    return {
      ...own,
      rm: this.rm,
      attach: this.attach,
      image,
      command,
      name: containerName,
      pull,
      hostname: this.hostname,
      domainname: this.domainname,
      env: this.env,
      envFile: this.envFile,
      volume: this.volume,
      volumesFrom: this.volumesFrom,
      mount: this.mount,
      tmpfs: this.tmpfs,
      imageVolume: this.imageVolume,
      workdir: this.workdir,
      user: this.user,
      groupAdd: this.groupAdd,
      entrypoint: this.entrypoint,
      readOnly: this.readOnly,
      readOnlyTmpfs: this.readOnlyTmpfs,
      privileged: this.privileged,
      capAdd: this.capAdd,
      capDrop: this.capDrop,
      securityOpt: this.securityOpt,
      secret: this.secret,
      device: this.device,
      ulimit: this.ulimit,
      sysctl: this.sysctl,
      label: this.label,
      labelFile: this.labelFile,
      annotation: this.annotation,
      init: this.init,
      stopSignal: this.stopSignal,
      stopTimeout: this.stopTimeout,
      shmSize: this.shmSize,
      umask: this.umask,
      network: this.network,
      ip: this.ip,
      ip6: this.ip6,
      macAddress: this.macAddress,
      networkAlias: this.networkAlias,
      publish: this.publish,
      publishAll: this.publishAll,
      expose: this.expose,
      addHost: this.addHost,
      noHosts: this.noHosts,
      dns: this.dns,
      dnsSearch: this.dnsSearch,
      dnsOption: this.dnsOption,
      userns: this.userns,
      uidmap: this.uidmap,
      gidmap: this.gidmap,
      ipc: this.ipc,
      pid: this.pid,
      uts: this.uts,
      cgroupns: this.cgroupns,
      pod: this.pod,
      health: {
        cmd: this.healthCmd,
        interval: this.healthInterval,
        timeout: this.healthTimeout,
        startPeriod: this.healthStartPeriod,
        startInterval: this.healthStartInterval,
        retries: this.healthRetries,
        onFailure: this.healthOnFailure,
        none: this.noHealthcheck,
      },
      resources: {
        ...this.limits(),
        oomKillDisable: this.oomKillDisable,
        oomScoreAdj: this.oomScoreAdj,
      },
      interactive: this.interactive,
      tty: this.tty,
      logDriver: this.logDriver,
      logOpt: this.logOpt,
      detachKeys: this.detachKeys,
      restart: this.restart,
      sdnotify: this.sdnotify,
      cidfile: this.cidfile,
      pidfile: this.pidfile,
      platform: platformText(this),
      preserveFds: Number(this.preserveFds),
      storageDriver: this.storageDriver,
    };
  }

  /** What --pod makes of the options; `start`: what holds the namespaces of the pod has to run. */
  protected async inPod(
    options: ContainerOptions,
    context: CreateContext,
    start: boolean,
  ): Promise<ContainerOptions> {
    if (options.pod === undefined) return options;
    const { enterPod, startInfra } = await import('../core/pod/enter.ts');
    const { findPod } = await import('../core/pod/store.ts');
    const entered = await enterPod(options, context);
    if (start && entered.inPod) await startInfra(context, findPod(context.paths, entered.inPod.id));
    return entered;
  }

  /** `starts`: this process goes on to start what it creates. */
  protected createContext(starts: boolean): CreateContext {
    const { env } = this.context;
    const { quiet, authfile, certDir, signaturePolicy, tlsVerify } = this;
    const flags = { quiet, authfile, certDir, signaturePolicy, tlsVerify };
    return {
      paths: pathsOf(this),
      starts,
      environment: env,
      commandLine: ['tsc-pod', ...process.argv.slice(2)],
      host: hostFacts(env),
      image: (options) => obtainImage(options.image, { ...options, ...flags }, this),
      terminalSize: terminalSize(1, () => this.context.stdout),
      notice: (line) => this.warn(line),
    };
  }
}
