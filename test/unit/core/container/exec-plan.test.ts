import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { joiningOperations } from '../../../../core/container/exec-plan.ts';
import type { OciSpec } from '../../../../rootless/oci-spec.ts';

const capabilities = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };
const spec = {
  annotations: {},
  linux: { namespaces: [{ type: 'user' }, { type: 'pid' }] },
  process: { args: ['id'], cwd: '/srv', env: ['A=b'], user: { uid: 0, gid: 0 }, capabilities },
} as unknown as OciSpec;
const joining = {
  target: ['target', '7', '99'],
  cgroup: [['cgroup-join', '/c']],
  confined: true,
  secrets: [],
};
const wordsOf = (of: OciSpec) => joiningOperations(of, of.process, joining);

test('a further process joins the namespaces, the directory and the cgroup before it becomes the command', () => {
  assert.equal(wordsOf(spec).slice(0, 4), [
    ['target', '7', '99'],
    ['join', 'user,pid'],
    ['cwd', '/srv'],
    ['cgroup-join', '/c'],
  ]);
  assert.equal(wordsOf(spec).at(-1), ['exec', 'id']);
});

test('it keeps its groups where the container does', () => {
  const keeps = ([name]: readonly string[]) => name === 'keep-groups';
  assert.is(wordsOf(spec).some(keeps), false);
  const annotations = { 'run.oci.keep_original_groups': '1' };
  assert.is(wordsOf({ ...spec, annotations }).some(keeps), true);
});

test.run();
