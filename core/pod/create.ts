import { join } from 'node:path';
import { type CreateContext, createContainer } from '../container/create.ts';
import { reserveIdFile } from '../container/flags/id-file.ts';
import { readLabels } from '../container/flags/labels.ts';
import { PodError } from '../error.ts';
import { abandonDraft, beginDraft, commitDraft, type Draft, writeNew } from '../named.ts';
import { type InfraFlags, infraOptions, makeInfraRoot, pauseImage } from './infra.ts';
import { type PodRecord, SHARED_KINDS, type SharedKind } from './record.ts';
import { removePod } from './remove.ts';
import { emitPodEvent, findPod } from './store.ts';

export interface PodOptions extends InfraFlags {
  name?: string | undefined;
  label: string[];
  labelFile: string[];
  /** Podman's words, separated by commas; `+` adds to the default. */
  share?: string | undefined;
  infra: boolean;
  infraName?: string | undefined;
  podIdFile?: string | undefined;
  replace: boolean;
  restart?: string | undefined;
  exitPolicy: 'continue' | 'stop';
}

const SHARED_BY_DEFAULT: SharedKind[] = ['ipc', 'net', 'uts'];

/** The value of --share. */
export function parseShare(text: string | undefined): SharedKind[] {
  if (text === undefined) return SHARED_BY_DEFAULT;
  if (text === '' || text === 'none') return [];
  const words = text.replace(/^\+/, '').split(',');
  const wrong = words.find((word) => !(SHARED_KINDS as readonly string[]).includes(word));
  if (wrong !== undefined)
    throw new PodError({
      code: 'usage',
      message: `cannot use --share ${text}`,
      why: `${JSON.stringify(wrong)} is no kind of namespace`,
      hint: `--share ${SHARED_KINDS.join(', ')}, or none`,
    });
  const all = new Set([...(text.startsWith('+') ? SHARED_BY_DEFAULT : []), ...(words as SharedKind[])]);
  return SHARED_KINDS.filter((kind) => all.has(kind));
}

function refuseWithoutInfra(options: PodOptions): void {
  const given = [
    [options.publish.length > 0, 'port bindings'],
    [options.network.length > 0, 'a network'],
    [(options.hostname ?? '') !== '', 'a host name'],
    [options.addHost.length > 0 || options.noHosts === true, 'hosts'],
    [options.dns.length + options.dnsSearch.length + options.dnsOption.length > 0, 'DNS settings'],
  ] as const;
  const [, what] = given.find(([is]) => is) ?? [];
  if (what === undefined) return;
  throw new PodError({
    code: 'usage',
    message: `cannot set ${what} without an infra container`,
    why: 'without it the containers of a pod share nothing',
    hint: 'leave --infra=false out',
  });
}

async function makeInfra(options: PodOptions, context: CreateContext, draft: Draft): Promise<string> {
  const name = options.infraName || `${draft.id.slice(0, 12)}-infra`;
  const flags = { ...options, hostname: options.hostname || hostnameFor(options, draft.name) };
  const infra = await createContainer(infraOptions(draft.id, name, flags), {
    ...context,
    image: async () => pauseImage(),
  });
  makeInfraRoot(context.paths, infra.record.id);
  return infra.record.id;
}

/** A pod is called in its own network what it is called outside, as podman's is; but where the UTS namespace is the host's. */
function hostnameFor({ uts }: PodOptions, name: string): string | undefined {
  const word = name.replace(/[^a-z0-9-]+$/i, '').slice(0, 63);
  return uts === undefined || uts === 'private' ? word : undefined;
}

/** Makes a pod, with its infra container, whole or not at all. */
export async function createPod(options: PodOptions, context: CreateContext): Promise<PodRecord> {
  const { paths } = context;
  if (options.exitPolicy === 'stop')
    throw new PodError({
      code: 'unsupported',
      message: 'cannot use --exit-policy stop',
      why: 'no daemon is there that would see the last container of a pod end',
      hint: 'tsc-pod pod stop …   # when it is done',
    });
  const shared = parseShare(options.share);
  if (!options.infra) refuseWithoutInfra(options);
  if (options.replace) await replaceOld(options, context);
  const idFile = options.podIdFile === undefined ? undefined : reserveIdFile(options.podIdFile);
  try {
    const draft = beginDraft(paths, 'pod', options.name);
    try {
      const pod = await makePod(options, context, draft, shared);
      idFile?.write(pod.id);
      emitPodEvent(paths, pod, 'create');
      return pod;
    } catch (error) {
      abandonDraft(paths, draft);
      throw error;
    }
  } catch (error) {
    idFile?.release();
    throw error;
  }
}

async function makePod(
  options: PodOptions,
  context: CreateContext,
  draft: Draft,
  shared: SharedKind[],
): Promise<PodRecord> {
  const labels = readLabels(options.label, options.labelFile);
  const infra = options.infra ? await makeInfra(options, context, draft) : undefined;
  const pod: PodRecord = {
    version: 1,
    id: draft.id,
    name: draft.name,
    created: new Date().toISOString(),
    labels,
    hostname: options.hostname ?? '',
    shared: infra === undefined ? [] : shared,
    infra,
    ...(options.restart && { restart: options.restart }),
    exitPolicy: options.exitPolicy,
  };
  writeNew(join(draft.directory, 'pod.json'), JSON.stringify(pod), true);
  commitDraft(context.paths, draft);
  return pod;
}

async function replaceOld({ name }: PodOptions, { paths }: CreateContext): Promise<void> {
  if (name === undefined) throw new PodError({ code: 'usage', message: 'cannot replace pod without --name' });
  try {
    await removePod(paths, findPod(paths, name), { force: true });
  } catch (error) {
    if (!(error instanceof PodError) || error.code !== 'not-found') throw error;
  }
}
