import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadStorageConfig } from '../../../../core/config/storage-conf.ts';
import { PodError } from '../../../../core/error.ts';

const directory = mkdtempSync(join(tmpdir(), 'storage-conf-'));
const own = join(directory, '.config/containers/storage.conf');
const system = join(directory, 'system.conf');
const env = { HOME: directory };
mkdirSync(join(directory, '.config/containers'), { recursive: true });
test.before.each(() => {
  rmSync(own, { force: true });
  rmSync(system, { force: true });
});
test.after(() => rmSync(directory, { recursive: true }));

const load = (more: Record<string, string> = {}) => loadStorageConfig({ ...env, ...more }, 1500, [system]);

test('without a file it is below the home, or XDG_DATA_HOME', async () => {
  const root = `${directory}/.local/share/containers/storage`;
  assert.equal(await load(), { root, driver: undefined });
  assert.equal(await load({ XDG_DATA_HOME: '/data', STORAGE_DRIVER: 'vfs' }), {
    root: '/data/containers/storage',
    driver: 'vfs',
  });
});

test("of the system's file rootless_storage_path counts, its graphroot is root's", async () => {
  writeFileSync(system, '[storage]\ndriver = "overlay"\ngraphroot = "/var/lib/containers/storage"\n');
  assert.equal(await load(), { root: `${directory}/.local/share/containers/storage`, driver: 'overlay' });
  writeFileSync(system, '[storage]\nrootless_storage_path = "/big/$UID/${USER}/../x$NOTHING"\n');
  assert.equal(await load({ USER: 'me' }), { root: '/big/1500/x', driver: undefined });
});

test("the user's file takes the place of the system's, a named one that of both", async () => {
  writeFileSync(system, '[storage]\ndriver = "overlay"\nrootless_storage_path = "/system"\n');
  writeFileSync(
    own,
    '[storage]\ndriver = "vfs"\ngraphroot = "$HOME/images"\nrootless_storage_path = "/other"\n',
  );
  assert.equal(await load(), { root: `${directory}/images`, driver: 'vfs' });
  const named = join(directory, 'named.conf');
  writeFileSync(named, '[storage]\nrootless_storage_path = "/named"\n');
  assert.equal(await load({ CONTAINERS_STORAGE_CONF: named }), { root: '/named', driver: undefined });
});

test('what is no configuration is told with its line', async () => {
  for (const [text, why] of [
    ['[storage]\ngraphroot = 7\n', /storage\.conf:2.*graphroot is no text/],
    ['storage ==\n', /storage\.conf:1/],
  ] as const) {
    writeFileSync(own, text);
    try {
      await load();
      assert.unreachable();
    } catch (error) {
      assert.instance(error, PodError);
      assert.match(`${(error as PodError).message}: ${(error as PodError).why}`, why);
    }
  }
});

test.run();
