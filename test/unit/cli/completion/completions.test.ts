import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tscPod } from '../program.ts';

async function complete(...words: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await tscPod('__complete', ...words);
  assert.equal({ status, stderr }, { status: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

test('commands come with their lines of help, those that no list shows do not', async () => {
  assert.equal(await complete('r'), ['run\tRun a command in a new container', 'rm\tRemove containers', ':4']);
  assert.equal(await complete('fa'), [':4']);
  assert.equal(await complete('help', 'lo'), ['login\tLog in to a registry', ':4']);
  assert.equal(await complete('nonsense', ''), [':4']);
});

test('flags are offered until the words are the container’s', async () => {
  assert.equal(await complete('run', '--ip'), ['--ip6\tIPv6 address', ':4']);
  assert.equal(await complete('run', 'alpine', '--ip'), [':4']);
  assert.equal(await complete('rm', '--', '--fo'), [':4']);
  assert.equal(await complete('run', '--secret'), [':4']);
  assert.equal(await complete('--roo'), ['--root\tKeep all state in this directory', ':4']);
});

test('the value of a flag is what is completed behind it', async () => {
  assert.equal(await complete('run', '--storage-driver', 'o'), ['overlay', ':4']);
  assert.equal(await complete('run', '--storage-driver=c'), ['--storage-driver=copy', ':4']);
  assert.equal(await complete('--root', 'x'), [':0']);
  assert.equal(await complete('run', '--name', '--rm'), [':4']);
});

test.run();
