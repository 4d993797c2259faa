import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDriver } from './build.ts';
import { run } from './drivers.ts';

test('exec ends with its command, though others in the container write on into its output without end', () => {
  const native = ['exec-streams.c', 'stream.c', 'child.c', 'backlog.c', 'die.c', 'message.c'];
  assert.equal(run(buildDriver('exec-streams', native), []), { code: 0, stdout: '5\n', stderr: '' });
});

test.run();
