/** Stages that run at the same time: what is told of a step is its own. */
import * as assert from 'uvu/assert';
import { folder } from './copy-lab.ts';
import { limitEachTest, pod, test } from './harness/index.ts';

limitEachTest(90);

/** Two stages that write by turns without an end; the first to have written enough fails. */
const loud = (name: string, end: string) =>
  `FROM builtin:busybox AS ${name}\nRUN for i in $(seq 300); do echo ${name}-out-$i; echo ${name}-err-$i >&2; done; printf ${name}-rest; ${end}\n`;
const made = (one: string, two: string) =>
  folder(
    `Dockerfile: ${loud('one', one)}${loud('two', two)}FROM scratch\nCOPY --from=one /etc /a\nCOPY --from=two /etc /b\n`,
  );

/** Lines of the report by the step that they are said of; the names of steps by their number. */
function byStep(report: string): Map<string, string[]> {
  const steps = new Map<string, string[]>();
  for (const line of report.split('\n')) {
    const [, step, text] = /^(#\d+) (.*)$/.exec(line) ?? [];
    if (step !== undefined) steps.set(step, [...(steps.get(step) ?? []), text!]);
  }
  return steps;
}

test('a line is told of the step that wrote it, whichever of two that fail is the first', async () => {
  const context = made('exit 3', 'exit 4');
  for (let round = 0; round < 3; round++) {
    const { code, stderr } = await pod([
      'build',
      '--no-cache',
      '--jobs',
      '2',
      '--progress',
      'plain',
      context,
    ]);
    assert.is(code, 1);
    const failed = /exit code: ([34])\ntsc-pod run/.exec(stderr)?.[1] === '3' ? 'one' : 'two';
    assert.match(stderr, new RegExp(`>>> RUN for i in .*echo ${failed}-out`));
    for (const lines of byStep(stderr).values()) {
      const name = /^\[(one|two) 2\/2\] RUN/.exec(lines[0]!)?.[1];
      const written = lines.flatMap((line) => /^\d+\.\d+ (.*)$/.exec(line)?.[1] ?? []);
      assert.ok(
        written.every((line) => name !== undefined && line.startsWith(`${name}-`)),
        lines.join('\n'),
      );
    }
  }
});

test('where nothing else is shown, the output is that of the step that failed, and no other', async () => {
  const context = made('sleep 1; exit 3', 'sleep 9');
  const { code, stderr } = await pod(['build', '--no-cache', '--jobs', '2', '--progress', 'quiet', context]);
  assert.is(code, 1);
  const [first, name, ...rest] = stderr.split('\n');
  assert.is(first, '------');
  assert.match(name!, /^ > \[one 2\/2\] RUN/);
  const lines = rest.slice(0, rest.indexOf('------'));
  assert.ok(lines.length >= 200, stderr.slice(0, 1000));
  assert.equal(
    lines.filter((line) => !line.startsWith('one-')),
    [],
  );
});

test.run();
