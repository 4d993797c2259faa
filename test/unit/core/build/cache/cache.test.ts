import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openCache } from '../../../../../core/build/cache/cache.ts';
import type { Paths } from '../../../../../core/paths.ts';

const data = mkdtempSync(join(tmpdir(), 'build-cache-'));
test.after(() => rmSync(data, { recursive: true }));

test('a step is remembered in a file that is whole, and what a killed build has left of one goes', async () => {
  const paths = { buildCache: join(data, 'build-cache'), partial: join(data, 'partial') } as Paths;
  const layout = new URL('../../../../../core/images/layout.ts', import.meta.url).href;
  const script = `import { newPartial } from ${JSON.stringify(layout)};
    import { writeFileSync } from 'node:fs';
    writeFileSync(newPartial(${JSON.stringify(paths)}), '{"created"');
    process.kill(process.pid, 'SIGKILL');`;
  mkdirSync(paths.partial);
  assert.throws(() => execFileSync(process.execPath, ['--input-type=module', '-e', script]));
  assert.is(readdirSync(paths.partial).length, 1);
  const pending: Promise<unknown>[] = [];
  const cache = openCache({
    paths,
    shared: async () => undefined,
    settled: async () => {},
    later: (work) => void pending.push(work),
  });
  const step = { layer: undefined, created: '2026-01-02T03:04:05.678Z', text: 'RUN true' };
  const key = 'a'.repeat(64);
  cache.put(key, step);
  await Promise.all(pending);
  assert.equal(readdirSync(paths.buildCache), [key]);
  assert.equal(JSON.parse(readFileSync(join(paths.buildCache, key), 'utf8')), {
    created: step.created,
    text: step.text,
  });
  assert.equal(readdirSync(paths.partial), []);
});

test.run();
