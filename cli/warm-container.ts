import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootId, identify } from '../core/container/process-identity.ts';
import type { ContainerRecord } from '../core/container/record.ts';

/** A container that seems to run, as files below the data directory `root` and the runtime directory `runtime`. */
export function writeWarmContainer(root: string, runtime: string, id: string): void {
  const ids = [{ container: 0, host: 0, size: 1 }];
  const record: ContainerRecord = {
    version: 1,
    id,
    name: 'warm',
    created: new Date().toISOString(),
    image: { asked: 'warm', name: 'docker.io/library/warm:latest', id: '0'.repeat(64), digest: '' },
    args: ['sh', '-c', 'a command that is too long'],
    entrypoint: [],
    command: ['sh', '-c', 'a command that is too long'],
    labels: { a: 'b' },
    annotations: {},
    driver: 'overlay',
    layers: [],
    maps: {
      uid: ids,
      gid: ids,
      newuidmap: undefined,
      newgidmap: undefined,
    } as unknown as ContainerRecord['maps'],
    network: {
      mode: 'slirp4netns',
      ports: [{ hostIp: '0.0.0.0', hostPort: 80, containerPort: 80, protocol: 'tcp' }],
      exposed: ['81/tcp'],
      operations: [],
      address: '10.0.2.100',
    },
    log: { driver: 'k8s-file', maxSize: 1, maxFiles: 1 },
    interactive: false,
    tty: false,
    autoRemove: false,
    init: false,
    privileged: false,
    stopSignal: 'SIGTERM',
    stopTimeout: 10,
    detachKeys: '',
    restart: { name: 'no', maximum: 0 },
    volumes: [],
    hints: {},
  };
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
  const spec = {
    ociVersion: '1.1.0',
    process: { user: { uid: 0, gid: 0 }, args: record.args, env: [], cwd: '/', capabilities: none },
    root: { path: 'rootfs' },
    mounts: [],
    linux: { namespaces: [] },
  };
  const directory = join(root, 'containers', id);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'container.json'), JSON.stringify(record));
  writeFileSync(join(directory, 'config.json'), JSON.stringify(spec));
  mkdirSync(join(runtime, id.slice(0, 16)), { recursive: true });
  const { pid, start } = identify(process.pid);
  writeFileSync(
    join(runtime, id.slice(0, 16), 'state'),
    `${pid} ${start} ${pid} ${start} 100 ${bootId()} 0\n`,
  );
}
