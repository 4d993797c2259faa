import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSysctls } from '../../../../../core/container/flags/sysctl.ts';
import { failure, refusal } from '../fixtures.ts';

test("settings of the container's own namespaces are taken, with dots or slashes", () => {
  assert.equal(
    parseSysctls([
      'net.ipv4.ip_forward=1',
      'net/core/somaxconn=10',
      'kernel.shmmax=1',
      'fs.mqueue.msg_max=2',
      'net.x=a=b',
      'net.y=',
    ]),
    {
      'net.ipv4.ip_forward': '1',
      'net.core.somaxconn': '10',
      'kernel.shmmax': '1',
      'fs.mqueue.msg_max': '2',
      'net.x': 'a=b',
      'net.y': '',
    },
  );
});

test("what belongs to the host is refused, with the host's command", () => {
  for (const word of [
    'vm.swappiness=1',
    'kernel.panic=1',
    'fs.file-max=1',
    'network=1',
    'kernel.shmmax.x=1',
    'fs.mqueue=1',
  ])
    assert.match(
      refusal(() => parseSysctls([word])),
      /^unsupported: cannot set the sysctl .* it belongs to the host/,
      word,
    );
  assert.is(
    failure(() => parseSysctls(['vm.swappiness=1'])).hint,
    'sudo sysctl vm.swappiness=1   # for the whole host',
  );
});

test('what is no setting is refused', () => {
  for (const word of ['', '=', '=1', 'net.ipv4', 'net.a b=1', 'net.\n=1', 'net.$x=1', 'net.ä=1'])
    assert.match(
      refusal(() => parseSysctls([word])),
      /^usage: .* it is not KEY=VALUE$/s,
      JSON.stringify(word),
    );
});

test('no key leads out of /proc/sys', () => {
  // The launcher makes slashes of the dots.
  for (const word of ['net/../../x=1', 'net...x=1'])
    for (const key of Object.keys(parseSysctls([word]))) assert.not.match(key.replaceAll('.', '/'), /\.\./);
});

test.run();
