import { writeFileSync } from 'node:fs';
import { usedByContainers } from '../../core/container/images-in-use.ts';
import { collectLeftovers } from '../../core/container/leftovers.ts';
import { PodError } from '../../core/error.ts';
import { nameOf } from '../../core/images/entry.ts';
import { emitImageEvent } from '../../core/images/events.ts';
import { type ManifestList, readList } from '../../core/images/lists/manifest-list.ts';
import { pushList } from '../../core/images/push/push.ts';
import type { SentImage } from '../../core/images/push/send-image.ts';
import { removeImage } from '../../core/images/remove.ts';
import { canonicalName, type ImageReference, parseReference, printable } from '../../core/reference.ts';
import { Option } from '../command.ts';
import { untilInterrupted } from '../interrupt.ts';
import { ListCommand } from '../list-command.ts';
import { oneOf } from '../parse.ts';
import { pathsOf } from '../paths.ts';
import { reportPush } from '../push-report.ts';

const SIGNING = 'cannot sign lists: tsc-pod keeps no keys';
/** Properties of the command that are refused with their reason. */
const REFUSED = {
  addCompression: {
    reason: 'cannot add compressed copies of images to a list',
    hint: 'push each of them with --compression-format, and add what was pushed',
  },
  signBy: { reason: SIGNING, hint: 'sign what was pushed: cosign sign LIST@DIGEST' },
  signBySigstore: { reason: SIGNING, hint: 'sign what was pushed: cosign sign LIST@DIGEST' },
  signBySigstoreKey: { reason: SIGNING, hint: 'sign what was pushed: cosign sign LIST@DIGEST' },
  signPassphraseFile: { reason: SIGNING, hint: 'sign what was pushed: cosign sign LIST@DIGEST' },
} as const;

export class ManifestPush extends ListCommand {
  static override usage = { description: 'Put a list and its images into a registry' };

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
  signBy = Option.String('--sign-by', { hidden: true });
  signBySigstore = Option.String('--sign-by-sigstore', { hidden: true });
  signBySigstoreKey = Option.String('--sign-by-sigstore-private-key', { hidden: true });
  signPassphraseFile = Option.String('--sign-passphrase-file', { hidden: true });
  list = Option.String({ name: 'list' });
  destination = Option.String({ name: 'destination', required: false });

  async execute(): Promise<number> {
    this.checkFlags();
    const paths = pathsOf(this);
    const list = readList(paths, this.list);
    const name = this.target(list);
    const sent = await this.push(list, name);
    if (this.digestfile !== undefined) writeFileSync(this.digestfile, sent.digest);
    emitImageEvent(paths, 'push', canonicalName(name));
    this.printLine(sent.digest);
    if (!this.purge && !this.remove) return 0;
    await removeImage(paths, this.list, { onlyLists: true, allNames: true, ...usedByContainers(paths) });
    collectLeftovers(paths);
    return 0;
  }

  private async push(list: ManifestList, name: ImageReference): Promise<SentImage> {
    const places = await this.places();
    const report = this.quiet ? undefined : reportPush(this.context);
    try {
      return await untilInterrupted((signal) =>
        pushList(list, name, {
          ...places,
          paths: pathsOf(this),
          signal,
          all: this.all,
          format: this.kind && (this.kind === 'oci' ? 'oci' : 'docker'),
          compressionFormat: this.compressionFormat,
          forceCompression: this.forceCompression,
          onProgress: report?.onProgress,
        }),
      );
    } finally {
      report?.end();
    }
  }

  /** Without a destination a list goes to where its name says. */
  private target({ entry }: ManifestList): ImageReference {
    const text = this.destination ?? nameOf(entry);
    if (text === undefined)
      throw new PodError({
        code: 'usage',
        message: `cannot tell where to push ${printable(this.list)}`,
        why: 'it has no name',
        hint: `tsc-pod manifest push ${printable(this.list)} REGISTRY/NAME`,
      });
    const reference = parseReference(text);
    if (reference.kind === 'registry') return reference;
    throw new PodError({
      code: 'unsupported',
      message: `cannot push a list to ${printable(text)}`,
      why: 'lists go to registries',
      hint: 'push it, then: skopeo copy --all docker://… oci:…',
    });
  }

  private checkFlags(): void {
    for (const [flag, { reason, hint }] of Object.entries(REFUSED))
      if (this[flag as keyof typeof REFUSED] !== undefined)
        throw new PodError({ code: 'unsupported', message: reason, hint });
  }
}
