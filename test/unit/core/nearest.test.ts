import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nearest } from '../../../core/nearest.ts';

test('a word two edits away is meant, a swap counts once', () => {
  assert.is(nearest('contianer', ['image', 'container']), 'container');
  assert.is(nearest('memori', ['memory', 'memory-swap']), 'memory');
  assert.is(nearest('PS', ['ps']), 'ps');
  assert.is(nearest('Run', ['rm', 'run']), 'run');
});

test('the nearest wins, then the first', () => {
  assert.is(nearest('imagse', ['imagsex', 'images', 'imagss']), 'imagsex');
  assert.is(nearest('start', ['stats', 'start']), 'start');
  assert.is(nearest('pus', ['ps', 'push', 'pusx']), 'push');
});

test('a beginning is meant when nothing is near', () => {
  assert.is(nearest('mem', ['cpus', 'memory']), 'memory');
  assert.is(nearest('me', ['memory']), undefined);
});

test('a short word is not turned into another short word', () => {
  assert.is(nearest('a', ['b']), undefined);
  assert.is(nearest('zz', ['ps', 'rm']), undefined);
  assert.is(nearest('', ['ps']), undefined);
});

test.run();
