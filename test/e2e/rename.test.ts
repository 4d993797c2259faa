import { readdirSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, pod, podOk, sandbox, startPod, test } from './harness/index.ts';

const plain = ['--network', 'none'];
const names = () => readdirSync(`${sandbox.data}/names`).sort();

test('rename gives another name, at once and for all commands', async () => {
  const id = await podOk(['run', '-d', ...plain, '--name', 'old', BUSYBOX, 'sleep', '1000']);
  assert.equal(await pod(['rename', 'old', 'new']), ended(0));
  assert.equal(await podOk(['ps', '--format', '{{.Names}}']), 'new');
  assert.equal(await podOk(['inspect', '--format', '{{.Id}}', 'new']), id);
  assert.is((await pod(['inspect', '--type', 'container', 'old'])).code, 125);
  assert.equal(names(), ['new']);
  await podOk(['run', ...plain, '--name', 'old', BUSYBOX, 'true']);
  const taken = await pod(['rename', 'old', 'new']);
  assert.equal(
    [taken.code, taken.stderr.split('\n')[0]],
    [125, `Error: the name "new" is taken: container ${id.slice(0, 12)} has it`],
  );
  assert.equal(
    await pod(['rename', 'new', 'new']),
    ended(125, '', 'Error: cannot rename new: that is its name already\n'),
  );
  await podOk(['secret', 'create', 'key', '-'], { input: 'x' });
  assert.is((await pod(['rename', 'new', '../secrets'])).code, 125);
  const climbing = await pod(['run', ...plain, '--name', '../secrets', BUSYBOX, 'true']);
  assert.match(climbing.stderr, /^Error: "\.\.\/secrets" can't be the name of a container: /);
  await podOk(['secret', 'rm', 'key']); // which is still there
  assert.equal(names(), ['new', 'old']);
  await podOk(['rm', '-f', 'new', 'old']);
  assert.equal(remains(), []);
});

test('a container with --rm leaves neither of its names', async () => {
  await podOk(['run', '-d', '--rm', ...plain, '--name', 'first', BUSYBOX, 'sleep', '1000']);
  await podOk(['rename', 'first', 'second']);
  await podOk(['rename', 'second', 'third']);
  await podOk(['kill', 'third']);
  await eventually(() => remains().length === 0);
});

test('of several who rename at once each gets a name or is told', async () => {
  await podOk(['run', ...plain, '--name', 'a', BUSYBOX, 'true']);
  await podOk(['run', ...plain, '--name', 'b', BUSYBOX, 'true']);
  const ids = (await podOk(['ps', '-aq', '--no-trunc'])).split('\n');
  const ran = await Promise.all(ids.flatMap((id) => [pod(['rename', id, 'x']), pod(['rename', id, 'y'])]));
  assert.ok(ran.some(({ code }) => code === 0));
  const shown = (await podOk(['ps', '-a', '--format', '{{.Names}}'])).split('\n').sort();
  assert.equal(names(), shown);
  await podOk(['rm', ...ids]);
  assert.equal(remains(), []);
});

test('kill -9 at any moment of a rename loses no name', async () => {
  await podOk(['run', ...plain, '--name', 'n0', BUSYBOX, 'true']);
  await podOk(['run', ...plain, '--name', 'b', BUSYBOX, 'true']);
  const id = await podOk(['inspect', '--format', '{{.Id}}', 'n0']);
  for (let round = 1; round <= 5; round++) {
    const name = await podOk(['inspect', '--format', '{{.Name}}', id]);
    const child = startPod(['rename', name, `n${round}`], { stdio: 'ignore' });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const timer = setTimeout(() => child.kill('SIGKILL'), 10 + round * 12);
    await gone;
    clearTimeout(timer);
    const now = await podOk(['inspect', '--format', '{{.Name}}', id]);
    assert.ok(now === name || now === `n${round}`, now);
    assert.equal(await podOk(['inspect', '--format', '{{.Id}}', now]), id);
    await podOk(['rename', 'b', now === name ? `n${round}` : name]); // the other one can be had
    await podOk(['rename', now === name ? `n${round}` : name, 'b']);
  }
  await podOk(['rm', id, 'b']);
  assert.equal(remains(), []);
});

test.run();
