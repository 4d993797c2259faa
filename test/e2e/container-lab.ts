/** What the tests of a container's life share. */
import { readdirSync } from 'node:fs';
import { pod, type Ran, type RunOptions } from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

/** The image that needs no registry. */
export const BUSYBOX = 'builtin:busybox';

/** How a command ended that did so by itself. */
export function ended(code: number, stdout = '', stderr = ''): Ran {
  return { code, signal: null, stdout, stderr };
}

/** `run --rm --network none ARGS`: the network has tests of its own, and takes its time. */
export function run(args: string[], options?: RunOptions): Promise<Ran> {
  if (args.includes('--network')) return pod(['run', '--rm', ...args], options);
  return pod(['run', '--rm', '--network', 'none', ...args], options);
}

/** A shell script in busybox, with flags before the image. */
export function sh(script: string, flags: string[] = [], options?: RunOptions): Promise<Ran> {
  return run([...flags, BUSYBOX, 'sh', '-c', script], options);
}

/** Everything of containers that is on disk: none of it, after the last one was removed. The hub's directory stays, empty. */
export function remains(): string[] {
  const list = (dir: string) => {
    try {
      return readdirSync(dir).map((name) => `${dir.slice(sandbox.dir.length + 1)}/${name}`);
    } catch {
      return [];
    }
  };
  const { data, run: runtime } = sandbox;
  const hub = `${runtime}/tsc-pod/hub`;
  const kept = hub.slice(sandbox.dir.length + 1);
  return [hub, `${runtime}/tsc-pod`, `${data}/containers`, `${data}/pods`, `${data}/names`, `${data}/trash`]
    .flatMap(list)
    .filter((path) => path !== kept);
}
