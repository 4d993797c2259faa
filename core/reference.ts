/**
 * Names of images, by the grammar of the distribution project (distribution/reference): what a person types
 * ("alpine", "localhost:5000/team/app:1.2@sha256:…"), the canonical form that the store keys on
 * ("docker.io/library/alpine:latest"), and the familiar form that tables show ("alpine:latest").
 */

import { PodError } from './error.ts';

/** An image in a registry. Exactly what was typed but for the domain and `library/`, which are filled in. */
export interface ImageReference {
  readonly kind: 'registry';
  /** "docker.io", "localhost:5000", "[::1]:5000". */
  readonly domain: string;
  /** "library/alpine". */
  readonly path: string;
  readonly tag: string | undefined;
  /** "sha256:<64 hex>". */
  readonly digest: string | undefined;
  /** The path as typed when no domain was typed: subject to aliases and search registries. */
  readonly shortName: string | undefined;
}

/** An image that comes with the program: `builtin:busybox`. */
export interface BuiltinReference {
  readonly kind: 'builtin';
  readonly name: string;
}

/** An image in an archive, a directory or another tool's store: `oci:DIR:TAG` (containers-transports(5)). */
export interface TransportReference {
  readonly kind: 'transport';
  readonly transport: 'oci' | 'oci-archive' | 'docker-archive' | 'dir' | 'containers-storage';
  /** Of the directory or archive; for containers-storage a name or an id. */
  readonly path: string;
  /** Which of its images, after the path's colon: a tag, a name, or "@" and a position. */
  readonly selector: string | undefined;
}

export type Reference = ImageReference | BuiltinReference | TransportReference;

const DEFAULT_DOMAIN = 'docker.io';
const MAX_NAME = 255;

const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const DOMAIN_LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const PATH = new RegExp(`^${PATH_COMPONENT}(?:/${PATH_COMPONENT})*$`);
const DOMAIN = new RegExp(`^(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;
const BUILTIN = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const HEX64 = /^[a-f0-9]{64}$/;
const LONGEST = MAX_NAME + 1 + 128 + 1 + 7 + 128;

/** Text from outside made fit for one line of a message: no control characters, not too long. */
export function printable(text: string, limit = 120): string {
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?');
  return clean.length > limit ? `${clean.slice(0, limit)}…` : clean;
}

function refuse(text: string, why: string, hint?: string): PodError {
  const message = `invalid image reference "${printable(text)}"`;
  return new PodError({ code: 'usage', message, why, hint });
}

/** Reads any reference a command takes. Throws PodError `usage` for what the grammar refuses. */
export function parseReference(text: string): Reference {
  if (text.startsWith('builtin:')) {
    const name = text.slice('builtin:'.length);
    if (!BUILTIN.test(name)) throw refuse(text, 'a built-in image has a plain name', 'try builtin:busybox');
    return { kind: 'builtin', name };
  }
  return parseTransport(text) ?? parseImageReference(text);
}

const TRANSPORT = /^(oci|oci-archive|docker-archive|dir|containers-storage):(.*)$/s;
/** `oci:1.0` is an image of Docker Hub, of which there is none: the transports win, as in podman. */
function parseTransport(text: string): TransportReference | undefined {
  const [, name, rest = ''] = TRANSPORT.exec(text) ?? [];
  if (name === undefined) return undefined;
  const transport = name as TransportReference['transport'];
  if (rest.includes('\0')) throw refuse(text, 'a path has no NUL');
  const whole = transport === 'dir' || transport === 'containers-storage';
  const colon = whole ? -1 : rest.indexOf(':');
  const path = colon < 0 ? rest : rest.slice(0, colon);
  if (path === '') throw refuse(text, `${transport}: is followed by a path`);
  const selector = colon < 0 || colon === rest.length - 1 ? undefined : rest.slice(colon + 1);
  return { kind: 'transport', transport, path, selector };
}

/** Reads a reference to an image in a registry; the `docker://` transport may be spelled out. */
export function parseImageReference(text: string): ImageReference {
  let rest = text.startsWith('docker://') ? text.slice('docker://'.length) : text;
  if (rest === '') throw refuse(text, 'it is empty');
  if (rest.length > LONGEST) throw refuse(text, `it is longer than ${LONGEST} characters`);
  if (HEX64.test(rest)) throw refuse(text, '64 hexadecimal digits are an image id, not a name');

  let digest: string | undefined;
  const at = rest.indexOf('@');
  if (at >= 0) {
    digest = rest.slice(at + 1);
    rest = rest.slice(0, at);
    if (!DIGEST.test(digest)) throw refuse(text, 'what follows @ is not a sha256 or sha512 digest');
  }

  let tag: string | undefined;
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  if (colon >= 0) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!TAG.test(tag)) throw refuse(text, 'a tag is up to 128 letters, digits and _ . -');
  }

  const name = splitName(rest);
  if (name.domain.length + 1 + name.path.length > MAX_NAME) {
    throw refuse(text, `the name is longer than ${MAX_NAME} characters`);
  }
  if (!DOMAIN.test(name.domain)) throw refuse(text, 'the part before the first / is not a host name');
  if (!PATH.test(name.path)) {
    const upper = PATH.test(name.path.toLowerCase());
    throw refuse(
      text,
      upper ? 'a repository name is lower case' : 'a repository name is a-z 0-9 with . _ - between',
    );
  }
  return { kind: 'registry', ...name, tag, digest };
}

/** The first component is a host when it looks like one (a dot, a port, capitals) or is "localhost". */
function splitName(name: string): Pick<ImageReference, 'domain' | 'path' | 'shortName'> {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:A-Z]/.test(first) || first === 'localhost' || first.startsWith('[');
  let domain = isHost ? first : DEFAULT_DOMAIN;
  let path = isHost ? name.slice(slash + 1) : name;
  if (domain === 'index.docker.io') domain = DEFAULT_DOMAIN;
  if (domain === DEFAULT_DOMAIN && path !== '' && !path.includes('/')) path = `library/${path}`;
  return { domain, path, shortName: isHost ? undefined : name };
}

/** "docker.io/library/alpine": the full name with neither tag nor digest. */
export function repositoryName(reference: ImageReference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The store's key: the full name with a digest where there is one, else with its tag ("latest" unless told). */
export function canonicalName(reference: ImageReference): string {
  const repository = repositoryName(reference);
  if (reference.digest !== undefined) return `${repository}@${reference.digest}`;
  return `${repository}:${reference.tag ?? 'latest'}`;
}

/** The name as people write it: docker.io and library/ left out. */
export function familiarRepository(reference: ImageReference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return repositoryName(reference);
  const official = /^library\/([^/]+)$/.exec(reference.path)?.[1];
  const path = official ?? reference.path;
  // "localhost/x" of docker.io would be read back as a host: such a name keeps its domain.
  return splitName(path).domain === DEFAULT_DOMAIN ? path : repositoryName(reference);
}

/** "alpine:latest", "localhost:5000/app@sha256:…". */
export function familiarName(reference: ImageReference): string {
  return familiarRepository(reference) + canonicalName(reference).slice(repositoryName(reference).length);
}

/** The same image in another repository ("quay.io/centos/centos"), with this tag and digest. */
export function withRepository(reference: ImageReference, repository: string): ImageReference {
  const renamed = parseImageReference(repository);
  return { ...renamed, shortName: undefined, tag: reference.tag, digest: reference.digest };
}
