import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRestartPolicy, restartPolicyOf } from '../../../../../core/container/flags/restart-policy.ts';

test('the policies that there are', () => {
  assert.equal(parseRestartPolicy(undefined), { name: 'no', maximum: 0 });
  assert.equal(parseRestartPolicy(''), { name: 'no', maximum: 0 });
  assert.equal(parseRestartPolicy('no'), { name: 'no', maximum: 0 });
  assert.equal(parseRestartPolicy('always'), { name: 'always', maximum: 0 });
  assert.equal(parseRestartPolicy('unless-stopped'), { name: 'unless-stopped', maximum: 0 });
  assert.equal(parseRestartPolicy('on-failure'), { name: 'on-failure', maximum: 0 });
  assert.equal(parseRestartPolicy('on-failure:3'), { name: 'on-failure', maximum: 3 });
});

test('what is none says why', () => {
  const why = (text: string) => {
    try {
      return parseRestartPolicy(text);
    } catch (error) {
      return (error as { why?: string }).why;
    }
  };
  assert.is(why('sometimes'), 'there is no such policy');
  assert.is(why('Always'), 'there is no such policy');
  assert.is(why('always:3'), 'only on-failure takes a number of retries');
  for (const number of ['', '-1', '1.5', 'x', '1e3', '2147483648', ' 1'])
    assert.is(why(`on-failure:${number}`), 'the number of retries is from 0 to 2147483647', number);
});

test('a container that is removed at its end is not started again', () => {
  assert.throws(
    () => restartPolicyOf({ restart: 'always', rm: true }),
    /--restart and --rm exclude each other/,
  );
  assert.equal(restartPolicyOf({ restart: 'no', rm: true }), { name: 'no', maximum: 0 });
});

test.run();
