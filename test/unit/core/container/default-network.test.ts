import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { networkWords } from '../../../../core/container/default-network.ts';

const directory = mkdtempSync(join(tmpdir(), 'containers-conf-'));
test.after(() => rmSync(directory, { recursive: true }));

function conf(text: string, name = 'containers.conf'): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}
const with_ = (text: string) => ({ CONTAINERS_CONF: conf(text) });
const nothing = { CONTAINERS_CONF: '/nowhere' };

test('where nothing is configured it is slirp4netns, and what is asked for is that', async () => {
  assert.equal(await networkWords([], nothing), []);
  assert.equal(await networkWords(['default'], nothing), ['slirp4netns']);
  assert.equal(await networkWords(['private'], nothing), ['slirp4netns']);
  assert.equal(await networkWords(['one:ip=10.9.0.4', 'two'], nothing), ['one:ip=10.9.0.4', 'two']);
});

test('what private networks are made by can be pasta', async () => {
  const env = with_('[network]\ndefault_rootless_network_cmd = "pasta"\npasta_options = ["-m", "1500"]\n');
  assert.equal(await networkWords([], env), ['pasta:-m,1500']);
  assert.equal(await networkWords(['private'], env), ['pasta:-m,1500']);
  assert.equal(await networkWords(['pasta:-4'], env), ['pasta:-m,1500,-4']);
  assert.equal(await networkWords(['slirp4netns'], env), ['slirp4netns']);
  assert.equal(await networkWords(['none'], env), ['none']);
});

test('netns is for containers that ask for none, and the variable is stronger', async () => {
  const env = with_('[containers]\nnetns = "bridge"\n[engine]\nnetwork_cmd_options = ["mtu=1400"]\n');
  assert.equal(await networkWords([], env), ['bridge']);
  assert.equal(await networkWords(['default'], env), ['bridge']);
  assert.equal(await networkWords(['private'], env), ['slirp4netns:mtu=1400']);
  assert.equal(await networkWords(['slirp4netns:mtu=9000'], env), ['slirp4netns:mtu=1400,mtu=9000']);
  assert.equal(await networkWords([], { ...env, TSC_POD_NETWORK: 'none' }), ['none']);
  assert.equal(await networkWords([], { ...env, TSC_POD_NETWORK: 'private' }), ['slirp4netns:mtu=1400']);
});

test("the user's file and its drop-ins are on top of the system's, and the override on top of all", async () => {
  const home = join(directory, 'home/containers');
  mkdirSync(join(home, 'containers.conf.d'), { recursive: true });
  writeFileSync(join(home, 'containers.conf'), '[containers]\nnetns = "host"\n');
  const env = { XDG_CONFIG_HOME: join(directory, 'home') };
  assert.equal(await networkWords([], env), ['host']);
  writeFileSync(join(home, 'containers.conf.d/10.conf'), '[containers]\nnetns = "none"\n');
  assert.equal(await networkWords([], env), ['none']);
  const override = conf('[containers]\nnetns = "slirp4netns"\n', 'override.conf');
  assert.equal(await networkWords([], { ...env, CONTAINERS_CONF_OVERRIDE: override }), []);
});

test('a mistake is told with its file and line', async () => {
  for (const [text, line, why] of [
    ['[network]\ndefault_rootless_network_cmd = "vpn"\n', 2, /neither slirp4netns nor pasta: vpn/],
    ['[containers]\n\nnetns = 3\n', 3, /netns is no text/],
    ['[network]\npasta_options = "-4"\n', 2, /no list of texts/],
    ['[containers\nnetns = "host"\n', 1, /./],
  ] as const)
    try {
      await networkWords([], with_(text));
      assert.unreachable(text);
    } catch (error) {
      const { message, why: said } = error as { message: string; why: string };
      assert.match(message, new RegExp(`containers\\.conf:${line}$`));
      assert.match(said, why);
    }
});

test.run();
