import { writeFileSync } from 'node:fs';
import { dockerArchive } from '../../test/e2e/docker-archive.ts';

/** A docker-archive of so many small images, `bench/small:0` and on: a layer that all have, and one of their own. */
export function writeManyImages(file: string, count: number): void {
  const shared = [{ name: 'etc/issue', content: 'what all of them have\n' }];
  const images = Array.from({ length: count }, (_, at) => ({
    tags: [`localhost/bench/small:${at}`],
    layers: [shared, [{ name: 'etc/number', content: `${at}\n` }]],
    created: new Date(1.7e12 + at * 60_000).toISOString(),
    config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'], Labels: { number: String(at) } },
    history: [{ created_by: 'COPY issue /etc/issue' }, { created_by: 'COPY number /etc/number' }],
  }));
  writeFileSync(file, dockerArchive(images));
}
