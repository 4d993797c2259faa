import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, pod, podOk, sandbox, test } from './harness/index.ts';
import { processesOf } from './harness/sweep.ts';

const lives = (pid: number) => {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

/** Runs a container whose first process has another user by now: the kernel doesn't end that with the monitor. */
async function orphan(name: string, ...flags: string[]): Promise<number> {
  const command = ['su', '-s', '/bin/sh', 'nobody', '-c', 'echo up; exec sleep 1000'];
  await podOk(['run', '-d', '--network', 'none', '--name', name, ...flags, BUSYBOX, ...command]);
  await eventually(async () => (await podOk(['logs', name])) === 'up');
  const [pid, monitor] = (await podOk(['inspect', '-f', '{{.State.Pid}} {{.State.ConmonPid}}', name]))
    .split(' ')
    .map(Number);
  process.kill(monitor!, 'SIGKILL');
  await eventually(() => !lives(monitor!));
  assert.ok(lives(pid!));
  assert.ok(processesOf(sandbox.dir).some((one) => one.pid === pid)); // what is left behind is told by the harness
  return pid!;
}

const nothing = () => eventually(() => remains().length === 0 && processesOf(sandbox.dir).length === 0);

test('rm -f ends what its killed monitor has left behind', async () => {
  for (const flags of [[], ['--rm'], ['-v', '/data'], ['--restart', 'always']]) {
    const pid = await orphan('left', ...flags);
    assert.is((await pod(['rm', 'left'])).code, 2);
    assert.equal(await pod(['rm', '-f', '-v', 'left']), ended(0, 'left\n'));
    assert.not.ok(lives(pid));
    assert.equal(await podOk(['volume', 'ls', '-q']), '');
    await nothing();
  }
});

test('stop ends it, and removes one that was made with --rm', async () => {
  const pid = await orphan('left');
  assert.equal(await pod(['stop', '-t', '0', 'left']), ended(0, 'left\n'));
  assert.not.ok(lives(pid));
  assert.match(await podOk(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), /^left Exited \(137\)/);
  assert.equal(await pod(['start', 'left']), ended(0, 'left\n'));
  await podOk(['rm', '-f', 'left']);
  await orphan('left', '--rm', '-v', '/data');
  assert.equal(await pod(['stop', '-t', '0', 'left']), ended(0, 'left\n'));
  assert.equal(await podOk(['volume', 'ls', '-q']), '');
  await nothing();
});

test('the next run ends it', async () => {
  const [kept, brief] = [await orphan('kept'), await orphan('brief', '--rm')];
  assert.equal(await pod(['run', '--rm', '--network', 'none', BUSYBOX, 'true']), ended(0));
  await eventually(() => !lives(kept) && !lives(brief));
  assert.match(await podOk(['ps', '-a', '--format', '{{.Names}} {{.Status}}']), /^kept Exited \(137\)$/);
  await podOk(['rm', 'kept']);
  await pod(['run', '--rm', '--network', 'none', BUSYBOX, 'true']); // collects what `ps` has put aside
  await nothing();
});

test.run();
