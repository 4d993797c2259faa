import { addAbortSignal, type Readable } from 'node:stream';
import { buildImage } from '../../core/build/build.ts';
import { checkBuild } from '../../core/build/check-build.ts';
import { checkReport, warningSummary } from '../../core/build/checks/report.ts';
import { excerptOf } from '../../core/build/dockerfile/refusal.ts';
import type { BuildOptions } from '../../core/build/options.ts';
import { parseOutput } from '../../core/build/output/output.ts';
import type { SessionParts } from '../../core/build/session.ts';
import { sourceDateEpoch } from '../../core/build/variables.ts';
import { hostFacts } from '../../core/container/facts.ts';
import type { Write } from '../../core/images/archive/tar-output.ts';
import type { ImageRecord } from '../../core/images/format/types.ts';
import { blobSize } from '../../core/images/layout.ts';
import type { ManifestList } from '../../core/images/lists/manifest-list.ts';
import { newImageName } from '../../core/images/new-image.ts';
import { obtainImage } from '../../core/images/pull/obtain.ts';
import type { PullPolicy } from '../../core/images/pull/pull-options.ts';
import { isWholeList } from '../../core/images/push/push-target.ts';
import type { SentImage } from '../../core/images/push/send-image.ts';
import type { Paths } from '../../core/paths.ts';
import { writeFile } from '../../core/write-file.ts';
import { withAuthFile } from '../auth-flags.ts';
import { openProgress, type ProgressKind } from '../build-progress/open-progress.ts';
import { Option, PodCommand } from '../command.ts';
import { untilInterrupted } from '../interrupt.ts';
import { isTerminal } from '../output/color.ts';
import { escapeControlsInLines } from '../output/escape.ts';
import { oneOf, parseChoice, parsed, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';
import { platformText } from '../platform-flags.ts';
import { readCredentials } from '../registry-flags.ts';
import { terminalSize } from '../terminal-size.ts';

const list = (names: string, description: string) => Option.Array(names, [], { description });
const text = (names: string, description: string) => Option.String(names, { description });
const flag = (names: string, description: string) => Option.Boolean(names, false, { description });
const seconds = (names: string, description: string) =>
  Option.String(names, { description, validator: parsed((value) => parseInteger(value, 0)) });

export class Build extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'Build an image from a Dockerfile' };

  addHost = list('--add-host', 'Add a line to /etc/hosts of RUN (`name:address`)');
  allow = list('--allow', 'Allow `security.insecure` or network.host to the Dockerfile');
  annotation = list('--annotation', 'Note `key=value` with the manifest; `index:key=value` with the list');
  arch = text('--arch', 'Build for this `architecture`');
  authfile = text('--authfile', 'Read credentials from this `file`');
  buildArg = list('--build-arg', 'Set an ARG (`name=value`), or pass on a variable (`name`)');
  buildContext = list(
    '--build-context',
    'A further context (`name=value`): a folder, an address or an image',
  );
  cacheFrom = list('--cache-from', 'Take results of steps from here: name, type=registry|local,… (`cache`)');
  cacheTo = list('--cache-to', 'Leave results of steps here: name, type=registry|local|inline,… (`cache`)');
  certDir = text('--cert-dir', 'Certificates of registries are in this `directory`');
  check = flag('--check', 'Say what is doubtful in the Dockerfile, and build nothing');
  cpuPeriod = text('--cpu-period', 'Length of a scheduler period in `microseconds`');
  cpuQuota = text('--cpu-quota', 'CPU time a period in `microseconds`');
  cpuShares = text('-c,--cpu-shares', 'CPU `shares`, relative to others');
  cpus = text('--cpus', 'Number of CPUs, as 1.5 (`number`)');
  cpusetCpus = text('--cpuset-cpus', 'CPUs to run on, as 0-2,4 (`list`)');
  cpusetMems = text('--cpuset-mems', 'Memory nodes to use, as 0,1 (`list`)');
  creds = text('--creds', 'Log in to every registry that is asked as this user (`user[:password]`)');
  file = text('-f,--file', 'The Dockerfile (`path`), or - for standard input');
  imageFormat = Option.String('--format', 'oci', {
    description: 'Kind of manifest: oci or docker (`format`)',
    validator: oneOf('oci', 'docker'),
  });
  iidfile = text('--iidfile', "Write the image's id, or a list's digest, to this `file`");
  jobs = Option.String('-j,--jobs', '0', {
    description: 'Run this many steps at a time (default: one a processor) (`number`)',
    validator: parsed((value) => parseInteger(value, 0)),
  });
  forceRm = Option.Boolean('--force-rm', true, { hidden: true }); // nothing of a step stays, however it ends
  label = list('--label', 'Add a label to the image (`key=value`)');
  layers = Option.Boolean('--layers', true, {
    description: 'Keep the result of each step for later builds',
  });
  load = Option.Boolean('--load', true, { hidden: true }); // images always come into the store
  manifest = text('--manifest', 'Add the image to this `list`, which is made where there is none');
  memory = text('-m,--memory', 'Memory limit of RUN (`size`)');
  memorySwap = text('--memory-swap', 'Memory and swap together, -1: no limit (`size`)');
  metadataFile = text('--metadata-file', 'Write what was built to this `file`, as JSON');
  network = text('--network,--net', 'Network of RUN: default, none, host or a network (`mode`)');
  noCache = flag('--no-cache', 'Carry out all steps anew');
  noCacheFilter = list('--no-cache-filter', 'Carry out the steps of this `stage` anew');
  os = text('--os', 'Build for this `system`');
  output = list('-o,--output', 'Where the result goes: type=local|tar|oci|docker|image,dest=path (`output`)');
  platform = list('--platform', 'Build for this `platform`, as linux/arm64; for several, a list');
  progress = Option.String('--progress', 'auto', {
    description: 'How it is shown: auto, plain, tty, rawjson or quiet (`kind`)',
    validator: oneOf('auto', 'plain', 'tty', 'quiet', 'rawjson'),
  });
  provenance = Option.String('--provenance', 'false', { hidden: true, validator: oneOf('false') }); // there are no attestations
  pull = Option.String('--pull', 'missing', {
    description: 'Fetch base images: always, missing, never or newer (`when`)',
    tolerateBoolean: true,
  });
  push = flag('--push', 'Send the image to the registry that its name says');
  quiet = flag('-q,--quiet', "Print the image's id, or a list's digest, and nothing else");
  rm = Option.Boolean('--rm', true, { hidden: true });
  sbom = Option.String('--sbom', 'false', { hidden: true, validator: oneOf('false') });
  secret = list(
    '--secret',
    'A secret for RUN --mount=type=secret: id=name,src=file or id=name,env=NAME (`secret`)',
  );
  shmSize = text('--shm-size', 'Size of /dev/shm of RUN (`size`)');
  signaturePolicy = Option.String('--signature-policy', { hidden: true });
  sourceDateEpoch = seconds('--source-date-epoch', 'Nothing is newer than this, `seconds` since 1970');
  squash = flag('--squash', 'Make the layers of this build one');
  squashAll = flag('--squash-all', 'Make all layers one');
  ssh = list('--ssh', 'An agent or keys for RUN --mount=type=ssh: default or id=socket|key (`agent`)');
  tag = list('-t,--tag', 'A `name` for the image');
  target = text('--target', 'Build this `stage`');
  timestamp = seconds('--timestamp', 'Everything is of this time, `seconds` since 1970');
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates of registries' });
  ulimit = list('--ulimit', 'A resource `limit` of RUN, as nofile=1024:2048');
  variant = text('--variant', 'Build for this `variant` of the architecture');
  folder = Option.String({ name: 'path|URL|-', required: false });

  async execute(): Promise<number> {
    const { env, stdout, stderr } = this.context;
    const asked = this.options();
    const options = { ...asked, sourceDateEpoch: sourceDateEpoch(asked, env) };
    const credentials =
      this.creds === undefined ? undefined : await readCredentials(this.creds, this.context);
    const paths = pathsOf(this);
    const login = {
      env: withAuthFile(env, this.authfile),
      ...{ tlsVerify: this.tlsVerify, certDir: this.certDir, credentials },
    };
    const kind = this.quiet ? 'quiet' : (this.progress as ProgressKind);
    const stream = {
      write: (text: string | Uint8Array) => void stderr.write(text),
      isTerminal: isTerminal(stderr),
      size: () => {
        const size = terminalSize(2, () => stderr);
        return { columns: size?.columns ?? 80, rows: size?.rows ?? 24 };
      },
    };
    const progress = openProgress(kind, stream, stream.isTerminal && !env.NO_COLOR);
    const parts = (signal: AbortSignal): SessionParts => ({
      ...{ paths, host: hostFacts(env), environment: env, signal },
      workingDirectory: process.cwd(),
      input: () => addAbortSignal(signal, this.context.stdin as Readable),
      write: isTerminal(stdout) ? undefined : this.emit,
      registry: login,
      tell: progress.listener,
      obtain: (name, platform, telling) =>
        obtainImage(name, {
          ...{ paths, policy: options.pull, platform, nativeNames: true, signal },
          ...{ ...login, signaturePolicy: this.signaturePolicy },
          onProgress: ({ digest, kind, current, total }) =>
            telling.progress(digest, current, total, kind === 'done' || kind === 'exists'),
          onNotice: (text) => telling.notice(text),
        }),
    });
    try {
      if (this.check) return await untilInterrupted((signal) => this.checkOnly(options, parts(signal)));
      const { image, pushed, warnings } = await untilInterrupted((signal) =>
        buildImage(options, parts(signal)),
      );
      progress.end();
      if (warnings.length > 0 && kind !== 'quiet')
        stderr.write(`\n${escapeControlsInLines(warningSummary(warnings))}\n`);
      const id = image && shownId(image, pushed);
      if (this.iidfile !== undefined) writeFile(this.iidfile, id ?? '');
      if (this.metadataFile !== undefined)
        writeFile(
          this.metadataFile,
          JSON.stringify(image ? metadataOf(paths, image, pushed, options) : {}, null, 2),
        );
      const outputs = this.output.map(parseOutput);
      const isTaken = outputs.some((to) => to && 'destination' in to && to.destination === '-');
      if (this.quiet && !isTaken && id) stdout.write(`${id}\n`);
    } catch (error) {
      progress.end();
      const place = excerptOf(error);
      if (place !== undefined) stderr.write(`${escapeControlsInLines(place)}\n`);
      throw error;
    }
    return 0;
  }

  private async checkOnly(options: BuildOptions, parts: SessionParts): Promise<number> {
    const { dockerfile, warnings } = await checkBuild(options, parts);
    this.context.stdout.write(`${escapeControlsInLines(checkReport(dockerfile, warnings))}\n`);
    return warnings.length > 0 ? 1 : 0;
  }

  private emit: Write = (bytes) =>
    new Promise((resolve, reject) => {
      this.context.stdout.write(bytes, (error) => (error ? reject(error) : resolve()));
    });

  private options(): BuildOptions {
    return {
      context: this.folder ?? '.',
      file: this.file,
      tags: this.tag,
      manifest: this.manifest,
      buildArgs: this.buildArg,
      target: this.target,
      noCache: this.noCache,
      noCacheFilter: this.noCacheFilter.flatMap((value) => value.toLowerCase().split(',')),
      pull: pullPolicy(this.pull),
      platforms: platformTexts(this),
      labels: this.label,
      annotations: this.annotation,
      secrets: this.secret,
      ssh: this.ssh,
      buildContexts: this.buildContext,
      cacheFrom: this.cacheFrom,
      cacheTo: this.cacheTo,
      network: this.network,
      addHost: this.addHost,
      ulimit: this.ulimit,
      shmSize: this.shmSize,
      allow: this.allow,
      resources: {
        memory: this.memory,
        memorySwap: this.memorySwap,
        cpus: this.cpus,
        cpuShares: this.cpuShares,
        cpuPeriod: this.cpuPeriod,
        cpuQuota: this.cpuQuota,
        cpusetCpus: this.cpusetCpus,
        cpusetMems: this.cpusetMems,
      },
      squash: this.squash,
      squashAll: this.squashAll,
      layers: this.layers,
      format: this.imageFormat as BuildOptions['format'],
      iidfile: this.iidfile,
      outputs: this.push ? [...this.output, 'type=image,push=true'] : this.output,
      sourceDateEpoch: this.sourceDateEpoch as number | undefined,
      timestamp: this.timestamp as number | undefined,
      jobs: Number(this.jobs),
      storageDriver: this.storageDriver,
      signaturePolicy: this.signaturePolicy,
    };
  }
}

/** Of a list its digest, as docker buildx has it: where it was pushed, the registry's, as its layers are compressed there. */
const shownId = (image: ImageRecord | ManifestList, pushed: SentImage | undefined): string =>
  isWholeList(image) ? (pushed ?? image.entry).digest : `sha256:${image.id}`;

/** Docker's keys: docker-buildx-build(1), --metadata-file. Of what was pushed, as it is there. */
function metadataOf(
  paths: Paths,
  image: ImageRecord | ManifestList,
  pushed: SentImage | undefined,
  { tags }: BuildOptions,
): object {
  const { mediaType, digest } = pushed ?? (isWholeList(image) ? image.entry : image);
  const size = pushed?.size ?? blobSize(paths, digest);
  return {
    ...(!isWholeList(image) && { 'containerimage.config.digest': `sha256:${image.id}` }),
    'containerimage.digest': digest,
    'containerimage.descriptor': { mediaType, digest, size },
    ...(tags.length > 0 && { 'image.name': tags.map(newImageName).join(',') }),
  };
}

/** --platform may be given several times, with several in each. Throws PodError `usage`. */
function platformTexts({ platform, os, arch, variant }: Build): string[] {
  const all = platform.length > 0 ? platform.join(',') : undefined;
  return platformText({ platform: all, os, arch, variant })?.split(',') ?? [];
}

/** Docker's --pull has no value: always. Throws PodError `usage`. */
function pullPolicy(value: string | boolean): PullPolicy {
  if (value === true || value === 'true') return 'always';
  if (value === false || value === 'false') return 'missing';
  return parseChoice(value, ['always', 'missing', 'never', 'newer']);
}
