import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasLabel, parseFilters, passes } from '../../../cli/filter.ts';
import { PodError } from '../../../core/error.ts';

const keys = ['name', 'label', 'label!', 'status'];

function refused(word: string, message: string, hint: string) {
  try {
    parseFilters([word], keys);
    assert.unreachable(word);
  } catch (error) {
    assert.instance(error, PodError);
    assert.equal([(error as PodError).message, (error as PodError).hint], [message, hint]);
  }
}

test('filters are gathered by key', () => {
  const filters = parseFilters(['name=web', 'label=a=b', 'NAME = db ', 'label!=x', 'status='], keys);
  assert.equal(
    [...filters],
    [
      ['name', ['web', 'db']],
      ['label', ['a=b']],
      ['label!', ['x']],
      ['status', ['']],
    ],
  );
});

test('a filter that is none, or that the command does not have, is refused', () => {
  const list = 'The filters are name, label, label!, status.';
  refused('web', 'invalid filter "web"', list);
  refused('statsu=x', 'unknown filter "statsu"', `Did you mean status? ${list}`);
  refused('colour=x', 'unknown filter "colour"', list);
  refused('=x', 'unknown filter ""', list);
});

test('values of one key are alternatives, keys and labels add up', () => {
  const passing = (words: string[], has: string[]) =>
    passes(parseFilters(words, keys), (key, value) => has.includes(`${key}=${value}`));
  assert.ok(passing([], []));
  assert.ok(passing(['name=a', 'name=b'], ['name=b']));
  assert.not(passing(['name=a', 'status=up'], ['name=a']));
  assert.not(passing(['label=a', 'label=b'], ['label=a']));
  assert.ok(passing(['label=a', 'label=b'], ['label=a', 'label=b']));
  assert.not(passing(['label!=a', 'label!=b'], ['label!=a']));
});

test('a label is asked for by key or by key and value', () => {
  assert.ok(hasLabel({ a: 'x' }, 'a'));
  assert.ok(hasLabel({ a: 'x=y' }, 'a=x=y'));
  assert.not(hasLabel({ a: 'x' }, 'a='));
  assert.not(hasLabel({}, 'constructor'));
});

test.run();
