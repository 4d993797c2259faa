import { closeSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { onlyOne } from '../by-name.ts';
import { checkName, isName, newId } from '../container/name.ts';
import { identify } from '../container/process-identity.ts';
import { errnoOf, PodError } from '../error.ts';
import { emitEvent } from '../events.ts';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { writeBytes } from '../write-file.ts';

/**
 * A secret is one file of mode 600, secrets/<name>: a line of JSON (SecretRecord without its name), and then the secret
 * as it is. So one rename replaces it, and the launcher (rootless/native/secrets.c) reads it without knowing JSON.
 * It is made as secrets/.<name>.<pid>.<start>.
 */

export interface SecretRecord {
  /** 25 hexadecimal digits, as podman's. */
  id: string;
  name: string;
  /** RFC 3339. */
  created: string;
  updated: string;
  labels: Record<string, string>;
}

export type SecretPaths = Pick<Paths, 'secrets' | 'data'>;

/** Bytes: podman's limit, podman-secret-create(1). */
const SECRET_MAX = 512_000;

export function secretFile(paths: SecretPaths, name: string): string {
  return join(paths.secrets, checkName('secret', name));
}

export interface NewSecret {
  name: string;
  data: Uint8Array;
  labels: Record<string, string>;
  /** One of that name gives way. */
  replace: boolean;
}

/** Makes a secret, whole or not at all. Throws PodError `conflict` where there is one of that name. */
export function makeSecret(paths: SecretPaths, { name, data, labels, replace }: NewSecret): SecretRecord {
  const file = secretFile(paths, name);
  checkSize(name, data);
  mkdirSync(paths.secrets, { recursive: true, mode: 0o700 });
  const now = new Date().toISOString();
  const record = { id: newId().slice(0, 25), created: now, updated: now, labels };
  const { pid, start } = identify(process.pid);
  const draft = join(paths.secrets, `.${name}.${pid}.${start}`);
  const before = replace ? readSecret(paths, name) : undefined;
  try {
    writeDraft(draft, [Buffer.from(`${JSON.stringify(record)}\n`), data]);
    if (replace) renameSync(draft, file);
    else linkSync(draft, file);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    throw new PodError({
      code: 'conflict',
      message: `cannot make the secret ${name}`,
      why: 'there is one of that name',
      hint: `tsc-pod secret create --replace ${name} …   # or: tsc-pod secret rm ${name}`,
    });
  } finally {
    rmSync(draft, { force: true });
  }
  if (before) tell(paths, before, 'remove');
  tell(paths, { ...record, name }, 'create');
  return { ...record, name };
}

function tell(paths: SecretPaths, { id, name }: SecretRecord, action: string): void {
  emitEvent(paths, { type: 'secret', action, id, attributes: { name } });
}

function checkSize(name: string, { length }: Uint8Array): void {
  if (length > 0 && length <= SECRET_MAX) return;
  const why = length === 0 ? 'it would be empty' : `a secret has at most ${SECRET_MAX} bytes`;
  throw new PodError({ code: 'usage', message: `cannot make the secret ${name}`, why });
}

function writeDraft(draft: string, parts: readonly Uint8Array[]): void {
  rmSync(draft, { force: true });
  const fd = openSync(draft, 'wx', 0o600);
  try {
    for (const part of parts) writeBytes(fd, draft, part);
  } finally {
    closeSync(fd);
  }
}

interface StoredSecret {
  record: SecretRecord;
  data: Buffer;
}

function readStored(paths: SecretPaths, name: string): StoredSecret | undefined {
  if (!isName(name)) return undefined;
  const file = secretFile(paths, name);
  try {
    const bytes = readFileSync(file);
    const end = bytes.indexOf('\n');
    const record = JSON.parse(bytes.subarray(0, end).toString());
    return { record: { labels: {}, ...record, name }, data: bytes.subarray(end + 1) };
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined;
    if (!(cause instanceof SyntaxError)) throw cause;
    // The cause would tell what is in the file.
    throw new PodError({
      code: 'invalid',
      message: `cannot read the secret ${name}`,
      why: 'its file is damaged',
      hint: `rm ${file}`,
    });
  }
}

/** undefined: there is none of that name. */
export function readSecret(paths: SecretPaths, name: string): SecretRecord | undefined {
  return readStored(paths, name)?.record;
}

/** The secret itself: for `inspect --showsecret`. */
export function readSecretData(paths: SecretPaths, name: string): Buffer | undefined {
  return readStored(paths, name)?.data;
}

/** All secrets, by name. */
export function listSecrets(paths: SecretPaths): SecretRecord[] {
  const names = namesIn(paths.secrets).sort();
  return names.map((name) => readSecret(paths, name)).filter((secret) => secret !== undefined);
}

/** The secret of a name, or of an id's beginning that only one has. Throws PodError `not-found` and `conflict`. */
export function findSecret(paths: SecretPaths, wish: string): SecretRecord {
  const exact = readSecret(paths, wish);
  if (exact) return exact;
  const alike = /^[0-9a-f]+$/.test(wish) ? listSecrets(paths).filter(({ id }) => id.startsWith(wish)) : [];
  return onlyOne(alike, 'secret', wish);
}

export function removeSecret(paths: SecretPaths, wish: string): SecretRecord {
  const secret = findSecret(paths, wish);
  rmSync(secretFile(paths, secret.name), { force: true });
  tell(paths, secret, 'remove');
  return secret;
}
