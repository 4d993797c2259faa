/** What the tests of containers share: temporary roots, a small record and its spec. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerRecord } from '../../../../core/container/record.ts';
import { PodError } from '../../../../core/error.ts';
import type { Paths } from '../../../../core/paths.ts';
import { findPaths } from '../../../../core/paths.ts';
import type { OciSpec } from '../../../../rootless/oci-spec.ts';

let base: string | undefined;

/** A new directory that goes with this process. */
export function temporary(): string {
  if (base === undefined) {
    const made = mkdtempSync(join(process.env.TSC_POD_TEST_DIR ?? tmpdir(), 'unit-'));
    base = made;
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return mkdtempSync(join(base, 'case-'));
}

export function emptyPaths(): Paths {
  const root = temporary();
  mkdirSync(join(root, 'run'), { mode: 0o700 });
  return findPaths({ HOME: root, XDG_RUNTIME_DIR: join(root, 'run') }, join(root, 'data'));
}

/** The PodError of an action; anything else fails the test. */
export function failure(action: () => unknown): PodError {
  let got: unknown;
  try {
    got = action();
  } catch (error) {
    if (error instanceof PodError) return error;
    throw error;
  }
  throw new Error(`accepted: ${JSON.stringify(got)}`);
}

/** code, message and why of the PodError of an action. */
export function refusal(action: () => unknown): string {
  const { code, message, why } = failure(action);
  return `${code}: ${message}${why ? `: ${why}` : ''}`;
}

export function recordOf(id: string, more: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    version: 1,
    id,
    name: 'a_name',
    created: '2026-01-02T03:04:05.678Z',
    image: {
      asked: 'alpine',
      name: 'docker.io/library/alpine:latest',
      id: 'b'.repeat(64),
      digest: `sha256:${'c'.repeat(64)}`,
    },
    args: ['sh', '-c', 'exit 7'],
    entrypoint: [],
    command: ['sh', '-c', 'exit 7'],
    labels: {},
    annotations: {},
    driver: 'overlay',
    layers: ['1'.repeat(64), '2'.repeat(64)],
    maps: {
      uid: [{ container: 0, host: 1500, size: 1 }],
      gid: [{ container: 0, host: 1500, size: 1 }],
      oneIdOnly: true,
    } as ContainerRecord['maps'],
    network: { mode: 'none', ports: [], exposed: [], operations: [], address: '10.0.2.100' },
    log: { driver: 'k8s-file', maxSize: 10 << 20, maxFiles: 3 },
    interactive: false,
    tty: false,
    autoRemove: false,
    init: false,
    privileged: false,
    stopSignal: 'SIGTERM',
    stopTimeout: 10,
    detachKeys: 'ctrl-p,ctrl-q',
    restart: { name: 'no', maximum: 0 },
    volumes: [],
    hints: {},
    ...more,
  };
}

export const noCapabilities = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };

export function specOf(more: Partial<OciSpec> = {}): OciSpec {
  return {
    ociVersion: '1.1.0',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['sh', '-c', 'exit 7'],
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: noCapabilities,
    },
    root: { path: 'rootfs' },
    mounts: [],
    linux: { namespaces: [{ type: 'user' }] },
    ...more,
  };
}
