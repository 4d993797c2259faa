import { usedByContainers } from '../../core/container/images-in-use.ts';
import { collectLeftovers } from '../../core/container/leftovers.ts';
import { PodError } from '../../core/error.ts';
import { nameOf } from '../../core/images/entry.ts';
import { emitImageEvent } from '../../core/images/events.ts';
import { type ManifestList, readList } from '../../core/images/lists/manifest-list.ts';
import { pushList } from '../../core/images/push/push.ts';
import type { SentImage } from '../../core/images/push/send-image.ts';
import { removeImage } from '../../core/images/remove.ts';
import { signatureStore, signDigests } from '../../core/images/signatures/sign-image.ts';
import { sendListToTransport } from '../../core/images/transports/send.ts';
import {
  canonicalName,
  type ImageReference,
  parseReference,
  printable,
  type TransportReference,
} from '../../core/reference.ts';
import { writeFile } from '../../core/write-file.ts';
import { withAuthFile } from '../auth-flags.ts';
import { Option } from '../command.ts';
import { untilInterrupted } from '../interrupt.ts';
import { ListCommand } from '../list-command.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';
import { reportPush } from '../push-report.ts';
import { NO_SIGSTORE, refuseFlags } from '../refused-flags.ts';

declare const VERSION: string;

/** Properties of the command that are refused with their reason. */
const REFUSED = {
  ...NO_SIGSTORE,
  addCompression: {
    reason: 'cannot add compressed copies of images to a list',
    hint: 'push each of them with --compression-format, and add what was pushed',
  },
};

export class ManifestPush extends ListCommand {
  static override usage = {
    description: 'Put a list and its images into a registry, a layout, an archive or a directory',
  };

  addCompression = Option.String('--add-compression', { hidden: true });
  all = Option.Boolean('--all', true, { description: 'With its images; without them they have to be there' });
  compressionFormat = Option.String('--compression-format', {
    description: 'Compress all layers like this: gzip or zstd (`format`)',
    validator: oneOf('gzip', 'zstd'),
  });
  digestfile = Option.String('--digestfile', { description: "Write the list's digest to a `file`" });
  forceCompression = Option.Boolean('--force-compression', false, {
    description: 'Compress also what is compressed already',
  });
  kind = Option.String('-f,--format', {
    description: 'Kind of list: oci, or v2s2 with images of that kind (`format`)',
    validator: oneOf('oci', 'docker', 'v2s2'),
  });
  purge = Option.Boolean('-p,--purge', false, { description: 'Remove the list when it is there' });
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Print only the digest' });
  remove = Option.Boolean('--rm', false, { description: 'As --purge' });
  removeSignatures = Option.Boolean('--remove-signatures', false, { hidden: true });
  signBy = Option.String('--sign-by', {
    description: 'Sign it and its images with the GPG key of this `identity`',
  });
  signBySigstore = Option.String('--sign-by-sigstore', { hidden: true });
  signBySigstoreKey = Option.String('--sign-by-sigstore-private-key', { hidden: true });
  signPassphraseFile = Option.String('--sign-passphrase-file', { hidden: true });
  list = Option.String({ name: 'list' });
  destination = Option.String({ name: 'destination', required: false });

  async execute(): Promise<number> {
    refuseFlags(this, REFUSED);
    const paths = pathsOf(this);
    const list = readList(paths, this.list);
    const name = this.target(list);
    const signing = this.signing(name);
    const sent = await this.push(list, name);
    if (signing) await signDigests(signing.name, [sent.digest, ...(sent.members ?? [])], signing);
    if (this.digestfile !== undefined) writeFile(this.digestfile, sent.digest);
    emitImageEvent(paths, 'push', name.kind === 'registry' ? canonicalName(name) : this.destination!);
    this.printLine(sent.digest);
    if (!this.purge && !this.remove) return 0;
    await removeImage(paths, this.list, { onlyLists: true, allNames: true, ...usedByContainers(paths) });
    collectLeftovers(paths);
    return 0;
  }

  /** How to sign what is pushed, tried before anything is. */
  private signing(name: Target) {
    if (this.signBy === undefined) return undefined;
    if (name.kind !== 'registry')
      throw new PodError({
        code: 'usage',
        message: `cannot sign ${printable(this.destination!)}`,
        why: 'it is in no registry',
      });
    const env = withAuthFile(this.context.env, this.authfile);
    const signing = { name, identity: this.signBy, creator: `tsc-pod ${VERSION}`, env };
    signatureStore(name, signing);
    return signing;
  }

  private async push(list: ManifestList, name: Target): Promise<SentImage> {
    const places = await this.places();
    const report = this.quiet ? undefined : reportPush(this.context);
    try {
      return await untilInterrupted((signal) => {
        const options = {
          ...places,
          paths: pathsOf(this),
          signal,
          all: this.all,
          format: this.kind && (this.kind === 'oci' ? ('oci' as const) : ('docker' as const)),
          compressionFormat: this.compressionFormat,
          forceCompression: this.forceCompression,
          onProgress: report?.onProgress,
        };
        return name.kind === 'registry'
          ? pushList(list, name, options)
          : sendListToTransport(list, name, options);
      });
    } finally {
      report?.end();
    }
  }

  /** Without a destination a list goes to where its name says. */
  private target({ entry }: ManifestList): Target {
    const text = this.destination ?? nameOf(entry);
    if (text === undefined)
      throw new PodError({
        code: 'usage',
        message: `cannot tell where to push ${printable(this.list)}`,
        why: 'it has no name',
        hint: `tsc-pod manifest push ${printable(this.list)} REGISTRY/NAME`,
      });
    const reference = parseReference(text);
    if (reference.kind !== 'builtin') return reference;
    throw new PodError({ code: 'unsupported', message: 'cannot push to what is built in' });
  }
}

type Target = ImageReference | TransportReference;
