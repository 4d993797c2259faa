import { PodError } from '../../core/error.ts';
import { emitImageEvent } from '../../core/images/events.ts';
import type { ImageRecord } from '../../core/images/format/types.ts';
import { type PushOptions, pushImage, pushList } from '../../core/images/push/push.ts';
import { isWholeList, type PushTarget, pushTarget, pushTargets } from '../../core/images/push/push-target.ts';
import type { SentImage } from '../../core/images/push/send-image.ts';
import { signatureStore, signDigests } from '../../core/images/signatures/sign-image.ts';
import { sendToTransport } from '../../core/images/transports/send.ts';
import { parsePlatform } from '../../core/platform.ts';
import {
  canonicalName,
  type ImageReference,
  repositoryName,
  type TransportReference,
} from '../../core/reference.ts';
import { writeFile } from '../../core/write-file.ts';
import { withAuthFile } from '../auth-flags.ts';
import { Option, PodCommand } from '../command.ts';
import { forEachName } from '../each.ts';
import { untilInterrupted } from '../interrupt.ts';
import { oneOf, parseInteger } from '../parse.ts';
import { pathsOf } from '../paths.ts';
import { reportPush } from '../push-report.ts';
import { NO_SIGSTORE, refuseFlags } from '../refused-flags.ts';
import { readCredentials, retryPolicy } from '../registry-flags.ts';

/** What is refused with its reason: properties of the command, some for one value only. */
const REFUSED = {
  ...NO_SIGSTORE,
  'compressionFormat=zstd:chunked': {
    reason: 'cannot compress as zstd:chunked: there is no specification of its table of contents',
    hint: 'use --compression-format zstd, which everybody who reads zstd:chunked reads too',
  },
  'manifestFormat=v2s1': {
    reason: 'cannot push in Docker schema 1: registries take it no more since 2017',
    hint: 'use --format v2s2 or oci',
  },
};
declare const VERSION: string;

const MOST_LEVEL = { gzip: 9, zstd: 20 };

export class Push extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'Put an image into a registry' };

  allTags = Option.Boolean('-a,--all-tags', false, { description: 'All tags of the repository' });
  authfile = Option.String('--authfile', { description: 'Take credentials from this `file`' });
  certDir = Option.String('--cert-dir', { description: 'Certificates from this `directory`' });
  compressionFormat = Option.String('--compression-format', {
    description: 'Compress all layers like this: gzip or zstd (`format`)',
    validator: oneOf('gzip', 'zstd', 'zstd:chunked'),
  });
  compressionLevel = Option.String('--compression-level', {
    description: 'Of what is compressed now: 1 to 9, for zstd to 20 (`number`)',
  });
  creds = Option.String('--creds', { description: 'Log in as this user (`user[:password]`)' });
  digestfile = Option.String('--digestfile', { description: "Write the manifest's digest to a `file`" });
  disableContentTrust = Option.Boolean('--disable-content-trust', true, { hidden: true });
  forceCompression = Option.Boolean('--force-compression', false, {
    description: 'Compress also what is compressed already',
  });
  manifestFormat = Option.String('-f,--format', {
    description: 'Kind of manifest: oci or v2s2; that of the image unless told (`format`)',
    validator: oneOf('oci', 'docker', 'v2s2', 'v2s1'),
  });
  platform = Option.String('--platform', { description: 'Of several the one for this `platform`' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Print only the name' });
  removeSignatures = Option.Boolean('--remove-signatures', false, { hidden: true });
  retry = Option.String('--retry', { description: 'Try again so often (`number`)' });
  retryDelay = Option.String('--retry-delay', { description: 'Wait so long before that (`duration`)' });
  signBy = Option.String('--sign-by', { description: 'Sign with the GPG key of this `identity`' });
  signBySigstore = Option.String('--sign-by-sigstore', { hidden: true });
  signBySigstoreKey = Option.String('--sign-by-sigstore-private-key', { hidden: true });
  signPassphraseFile = Option.String('--sign-passphrase-file', { hidden: true });
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates' });
  image = Option.String({ name: 'image' });
  destination = Option.String({ name: 'destination', required: false });

  async execute(): Promise<number> {
    this.checkFlags();
    const platform = this.platform === undefined ? undefined : parsePlatform(this.platform);
    const paths = pathsOf(this);
    const [place, targets] = this.allTags
      ? [undefined, pushTargets(paths, this.image, platform)]
      : sorted(pushTarget(paths, this.image, this.destination, platform));
    if (place !== undefined) return forEachName(this, [this.destination!], (name) => this.send(name, place));
    const options = await this.options();
    if (!this.quiet) this.printLine(`The push refers to repository [${repositoryName(targets[0]!.name)}]`);
    const byName = new Map(targets.map((target) => [canonicalName(target.name), target]));
    return forEachName(this, [...byName.keys()], (name) => this.push(name, byName.get(name)!, options));
  }

  /** Gives what is printed last. */
  private async push(
    name: string,
    { image, name: reference }: PushTarget<ImageReference>,
    options: PushOptions,
  ): Promise<string> {
    const signing = this.signing(options);
    if (signing) signatureStore(reference, signing); // before anything is pushed
    const report = this.quiet ? undefined : reportPush(this.context);
    let sent: SentImage;
    try {
      sent = await untilInterrupted((signal) => {
        const told = { ...options, signal, onProgress: report?.onProgress };
        return isWholeList(image)
          ? pushList(image, reference, { ...told, all: true, onNotice: (text) => this.warn(text) })
          : pushImage(image, reference, told);
      });
    } finally {
      report?.end();
    }
    if (signing) await signDigests(reference, [sent.digest, ...(sent.members ?? [])], signing);
    if (this.digestfile !== undefined) writeFile(this.digestfile, sent.digest);
    emitImageEvent(pathsOf(this), 'push', name);
    if (this.quiet) return name;
    const label = reference.digest === undefined ? `${reference.tag ?? 'latest'}: ` : '';
    return `${label}digest: ${sent.digest} size: ${sent.size}`;
  }

  private signing({ env }: PushOptions) {
    if (this.signBy === undefined) return undefined;
    return { identity: this.signBy, creator: `tsc-pod ${VERSION}`, env };
  }

  /** To an archive or a directory. */
  private async send(name: string, { image, name: reference }: OtherTarget) {
    if (this.signBy !== undefined)
      throw new PodError({ code: 'usage', message: `cannot sign ${name}`, why: 'it is in no registry' });
    const options = await this.options();
    const { digest, size } = await untilInterrupted((signal) =>
      sendToTransport(image, reference, { ...options, signal }),
    );
    if (this.digestfile !== undefined) writeFile(this.digestfile, digest);
    emitImageEvent(pathsOf(this), 'push', name);
    return this.quiet ? name : `digest: ${digest} size: ${size}`;
  }

  private async options(): Promise<PushOptions> {
    const { certDir, tlsVerify, forceCompression } = this;
    const format =
      this.manifestFormat && (this.manifestFormat === 'oci' ? ('oci' as const) : ('docker' as const));
    const compressionFormat = this.compressionFormat as 'gzip' | 'zstd' | undefined;
    const most = MOST_LEVEL[compressionFormat ?? 'gzip'];
    return {
      ...{ paths: pathsOf(this), env: withAuthFile(this.context.env, this.authfile), certDir, tlsVerify },
      ...{ format, compressionFormat, forceCompression },
      compressionLevel:
        this.compressionLevel === undefined ? undefined : parseInteger(this.compressionLevel, 1, most),
      credentials: this.creds === undefined ? undefined : await readCredentials(this.creds, this.context),
      retry: retryPolicy(this.retry, this.retryDelay),
    };
  }

  private checkFlags(): void {
    const refuse = (message: string) => new PodError({ code: 'usage', message });
    if (this.allTags && this.destination !== undefined)
      throw refuse('--all-tags goes with no destination: every tag is pushed to where its name says');
    if (this.allTags && this.digestfile !== undefined)
      throw refuse('--all-tags and --digestfile are mutually exclusive');
    refuseFlags(this, REFUSED);
  }
}

interface OtherTarget {
  image: ImageRecord;
  name: TransportReference;
}

type Places = [OtherTarget, []] | [undefined, PushTarget<ImageReference>[]];

/** What goes to a registry, and what doesn't. */
function sorted({ image, name }: PushTarget): Places {
  if (name.kind === 'registry') return [undefined, [{ image, name }]];
  if (name.kind === 'transport' && !isWholeList(image)) return [{ image, name }, []];
  throw new PodError({ code: 'unsupported', message: 'cannot push to what is built in' });
}
