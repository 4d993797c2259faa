import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { HistoryEntry, ImageConfig } from '../../../../core/images/format/types.ts';
import { isParent } from '../../../../core/images/parents.ts';

const config = (layers: string[], history?: HistoryEntry[]): ImageConfig => ({
  os: 'linux',
  architecture: 'amd64',
  rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${layer}`) },
  ...(history && { history }),
});
const steps = (...words: string[]): HistoryEntry[] => words.map((created_by) => ({ created_by }));

test('an image was made from one whose layers and steps it begins with', () => {
  const parent = config(['a'], steps('1'));
  assert.ok(isParent(parent, config(['a', 'b'], steps('1', '2'))));
  assert.ok(isParent(parent, config(['a'], [...steps('1'), { created_by: 'ENV', empty_layer: true }])));
});

test('neither itself, nor what only begins alike, nor what was squashed', () => {
  const parent = config(['a'], steps('1'));
  assert.not.ok(isParent(parent, parent));
  assert.not.ok(isParent(parent, config(['b', 'a'], steps('1', '2'))));
  assert.not.ok(isParent(parent, config(['a', 'b'], steps('other', '2'))));
  assert.not.ok(isParent(config(['a', 'b'], steps('1', '2')), parent));
  assert.not.ok(isParent(parent, config(['ab'], steps('1', '2'))));
});

test('without history nobody knows', () => {
  assert.not.ok(isParent(config(['a']), config(['a', 'b'])));
  assert.not.ok(isParent(config(['a']), config(['a', 'b'], steps('1', '2'))));
  assert.not.ok(isParent(config([], steps()), config(['a'], steps('1'))));
});

test.run();
