import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type TarEntry, tarOf } from '../../test/e2e/harness/tar.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A docker-archive of so many small images, `bench/small:0` and on: a layer that all have, and one of their own. */
export function writeManyImages(file: string, count: number): void {
  const shared = tarOf([{ name: 'etc/issue', content: 'what all of them have\n' }]);
  const layers = new Map([[sha256(shared), shared]]);
  const files: TarEntry[] = [];
  const manifest = Array.from({ length: count }, (_, at) => {
    const own = tarOf([{ name: 'etc/number', content: `${at}\n` }]);
    layers.set(sha256(own), own);
    const diffIds = [shared, own].map(sha256);
    const config = Buffer.from(
      JSON.stringify({
        ...{ architecture: 'amd64', os: 'linux', created: new Date(1.7e12 + at * 60_000).toISOString() },
        config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'], Labels: { number: String(at) } },
        rootfs: { type: 'layers', diff_ids: diffIds.map((hex) => `sha256:${hex}`) },
        history: [{ created_by: 'COPY issue /etc/issue' }, { created_by: 'COPY number /etc/number' }],
      }),
    );
    files.push({ name: `${sha256(config)}.json`, content: config });
    return {
      Config: `${sha256(config)}.json`,
      RepoTags: [`localhost/bench/small:${at}`],
      Layers: diffIds.map((hex) => `${hex}.tar`),
    };
  });
  for (const [hex, tar] of layers) files.push({ name: `${hex}.tar`, content: tar });
  files.push({ name: 'manifest.json', content: JSON.stringify(manifest) });
  writeFileSync(file, tarOf(files));
}
