/** What one build has while it runs: its hidden directory, its clock, and what goes on behind its steps. */

import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DriverName } from '../../rootless/overlay/driver.ts';
import type { HostFacts } from '../container/facts.ts';
import { collectLeftovers } from '../container/leftovers.ts';
import { newId } from '../container/name.ts';
import { identify } from '../container/process-identity.ts';
import { removeTrees } from '../container/remove-tree.ts';
import { chooseDriver } from '../container/root.ts';
import { createGate, type Gate } from '../gate.ts';
import type { Write } from '../images/archive/tar-output.ts';
import type { ImageRecord } from '../images/format/types.ts';
import type { RegistryOptions } from '../images/push/push.ts';
import type { Paths } from '../paths.ts';
import { openCache } from './cache/cache.ts';
import { type CacheTarget, parseCacheFrom, parseCacheTo } from './cache/cache-place.ts';
import type { BuildListener } from './events.ts';
import type { BuildOptions } from './options.ts';
import { type Report, reportTo, type StepTelling } from './report.ts';
import type { BuildEnvironment } from './steps/step.ts';
import { readBuildArgs } from './variables.ts';

export interface SessionParts {
  readonly paths: Paths;
  readonly host: HostFacts;
  readonly environment: NodeJS.ProcessEnv;
  readonly workingDirectory: string;
  readonly input: () => AsyncIterable<Uint8Array>;
  readonly tell: BuildListener;
  /** Standard output, for `--output -`; undefined where it is a terminal. */
  readonly write: Write | undefined;
  /** For what is pushed. */
  readonly registry: RegistryOptions;
  /** Of the caller: ^C. */
  readonly signal: AbortSignal;
  /** Finds or pulls the image of a FROM: core/images/pull/obtain.ts. */
  obtain(name: string, platform: string | undefined, telling: StepTelling): Promise<ImageRecord>;
}

export interface BuildSession extends BuildEnvironment {
  readonly parts: SessionParts;
  readonly slots: Gate;
  /** An image of FROM or --from: a name means the same one for the whole build, and is asked for once. */
  readonly obtain: SessionParts['obtain'];
  readonly report: Report;
  /** --cache-to */
  readonly cacheTargets: readonly CacheTarget[];
  /** Ends everything that is under way. */
  abort(reason: unknown): void;
  /** Removes what is the build's own. */
  end(): Promise<void>;
}

export function beginSession(options: BuildOptions, parts: SessionParts): BuildSession {
  const { host, environment, workingDirectory, input } = parts;
  const cacheTargets = options.cacheTo.map((text) => parseCacheTo(text, workingDirectory));
  const sources = options.cacheFrom.flatMap((text) => parseCacheFrom(text, workingDirectory));
  collectLeftovers(parts.paths);
  const { pid, start } = identify(process.pid);
  const directory = join(parts.paths.builds, `.${newId().slice(0, 16)}.${pid}.${start}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const runtime = join(parts.paths.runtime, `b${newId().slice(0, 8)}.${pid}.${start}`);
  const paths = { ...parts.paths, containers: directory, secrets: join(runtime, 'secrets') };
  mkdirSync(paths.runtime, { recursive: true, mode: 0o700 });
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, parts.signal]);
  const pending: Promise<unknown>[] = [];
  const endings: ((succeeded: boolean) => void)[] = [];
  let driver: Promise<DriverName> | undefined;
  const report = reportTo(parts.tell, signal);
  const later = (work: Promise<unknown>): void => {
    work.catch(() => {}); // looked at by settle
    pending.push(work);
  };
  const settle = async () => void (await Promise.all(pending));
  const { signaturePolicy } = options;
  const cache = openCache({
    ...{ paths, later, settled: settle },
    async shared() {
      if (sources.length === 0) return undefined;
      const { sharedCaches } = await import('./cache/shared-caches.ts');
      return sharedCaches(sources, {
        options: { ...parts.registry, paths, signal, signaturePolicy },
        report,
      });
    },
  });
  const obtained = new Map<string, Promise<ImageRecord>>();
  const obtain: SessionParts['obtain'] = (name, platform, telling) => {
    const key = `${platform ?? ''} ${name}`;
    const known = obtained.get(key) ?? parts.obtain(name, platform, telling);
    obtained.set(key, known);
    return known;
  };
  return {
    ...{ parts, obtain, paths, host, options, environment, directory, runtime, signal },
    buildArgs: readBuildArgs(options, environment),
    ...{ report, cache, cacheTargets, later, settle },
    making: new Map(),
    slots: createGate(options.jobs || availableParallelism()),
    contextEnvironment: {
      ...{ directory, workingDirectory, environment, input, signal },
      memory: parts.paths.contextMemory,
      ssh: options.ssh.length > 0,
      atEnd: (work) => void endings.push(work),
    },
    driver: () => (driver ??= chooseDriver(paths, host, host.defaultMaps, options.storageDriver)),
    now: () => nowOf(options),
    abort: (reason) => stop.abort(reason),
    end: async () => {
      await Promise.allSettled(pending);
      await cache.close();
      for (const work of endings) work(!signal.aborted);
      removeTrees([directory]);
      rmSync(runtime, { recursive: true, force: true });
    },
  };
}

function nowOf({ sourceDateEpoch, timestamp }: BuildOptions): string {
  const seconds = timestamp ?? sourceDateEpoch;
  return (seconds === undefined ? new Date() : new Date(seconds * 1000)).toISOString();
}
