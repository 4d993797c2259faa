/** ADD: as COPY, and archives that are unpacked, downloads and repositories (Dockerfile reference, "ADD"). */

import { createHash, type Hash } from 'node:crypto';
import { PodError } from '../../error.ts';
import { describeAddress } from '../../registry/fetch-address.ts';
import type { BuildContext } from '../context/build-context.ts';
import { download } from '../context/download.ts';
import { folderContext } from '../context/folder.ts';
import { describeRepository, type GitAddress, gitAddress } from '../context/git-address.ts';
import { checkOut } from '../context/git-checkout.ts';
import type { ContextEnvironment } from '../context/open-context.ts';
import type { TransferSource } from '../dockerfile/dockerfile.ts';
import { archiveIn, archiveSource, fileBytes } from './archive-source.ts';
import { selectPath } from './copy-sources.ts';
import { downloadedSource } from './downloaded-source.ts';
import { inlineSource } from './inline-source.ts';
import type { SelectedSource, Selection } from './selection.ts';

export interface AddWish {
  readonly sources: readonly TransferSource[];
  readonly exclude: readonly string[];
  /** `sha256:…` of what is downloaded: of one source only. */
  readonly checksum?: string | undefined;
  readonly keepGitDir: boolean;
  /** Undefined: local archives are, downloads aren't. */
  readonly unpack?: boolean | undefined;
}

interface Adding {
  readonly context: BuildContext;
  readonly wish: AddWish;
  readonly environment: ContextEnvironment;
  readonly hash: Hash;
}

/** Downloads (into the environment's directory), finds and hashes. */
export async function addSources(
  context: BuildContext,
  wish: AddWish,
  environment: ContextEnvironment,
): Promise<Selection> {
  const adding = { context, wish, environment, hash: createHash('sha256') };
  const sources: SelectedSource[] = [];
  for (const source of wish.sources) {
    if (source.kind === 'inline') sources.push(inlineSource(source.heredoc, adding.hash));
    else sources.push(...(await add(source.path, adding)));
  }
  return { sources, several: sources.length > 1, hash: adding.hash.digest('hex') };
}

async function add(text: string, adding: Adding): Promise<SelectedSource[]> {
  const { wish } = adding;
  const repository = gitAddress(text);
  if (repository) return addRepository(repository, adding);
  if (/^https?:\/\//i.test(text)) return [await addDownload(text, adding)];
  if (wish.checksum !== undefined)
    throw new PodError({
      code: 'usage',
      message: `cannot check the sum of ${text}`,
      why: '--checksum is for what is downloaded',
    });
  const found = await selectPath(
    adding.context,
    text,
    { exclude: wish.exclude, parents: false },
    adding.hash,
  );
  if (wish.unpack === false) return found;
  const { environment } = adding.environment;
  const sources: SelectedSource[] = [];
  for (const source of found) {
    const open = source.directory ? undefined : () => fileBytes(source);
    const isArchive = open !== undefined && (await archiveIn(open(), environment));
    adding.hash.update(isArchive ? 'unpacked\n' : 'copied\n');
    sources.push(isArchive ? archiveSource(source.label, open, environment) : source);
  }
  return sources;
}

async function addDownload(address: string, { wish, environment, hash }: Adding): Promise<SelectedSource> {
  const found = await download(address, environment);
  if (wish.checksum !== undefined && wish.checksum.toLowerCase() !== found.digest)
    throw new PodError({
      code: 'invalid',
      message: `cannot add ${describeAddress(address)}`,
      why: `it has the digest ${found.digest}, not ${wish.checksum}`,
    });
  const source = downloadedSource(address, found);
  const open = () => fileBytes(source);
  const isArchive = wish.unpack === true && (await archiveIn(open(), environment.environment));
  hash.update(`download ${found.digest} ${JSON.stringify(found.name)} ${isArchive}\n`);
  return isArchive ? archiveSource(source.label, open, environment.environment) : source;
}

/** The files of a repository; `.git` with --keep-git-dir. */
async function addRepository(repository: GitAddress, adding: Adding): Promise<SelectedSource[]> {
  const { wish, environment, hash } = adding;
  const { keepGitDir, exclude } = wish;
  const label = describeRepository(repository);
  const { directory, commit } = await checkOut(repository, {
    ...environment,
    keepGitDir,
    saidBy: 'dockerfile',
  });
  const checksum = wish.checksum?.replace(/^sha1:/, '');
  if (checksum !== undefined && !commit.startsWith(checksum))
    throw new PodError({
      code: 'invalid',
      message: `cannot add ${label}`,
      why: `its commit is ${commit}, not ${checksum}`,
    });
  return selectPath(
    folderContext(directory, { label, plainModes: true }),
    '/',
    { exclude, parents: false },
    hash,
  );
}
