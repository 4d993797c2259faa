import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { datedHistory } from '../../../../core/build/history.ts';

const at = (text: string, created?: string) => ({ created_by: text, ...(created && { created }) });
const times = (entries: readonly { created?: string }[]) => entries.map(({ created }) => created);

test('entries without a layer have the time of the layer before them, the first ones that of the first layer', () => {
  const history = [at('base', '1'), at('ENV'), at('RUN', '5'), at('LABEL'), at('COPY', '7'), at('CMD')];
  assert.equal(times(datedHistory({ history, baseEntries: 1 }, '9')), ['1', '5', '5', '5', '7', '7']);
});

test('without a layer of its own a build is as old as its base, and without a base as the moment', () => {
  assert.equal(times(datedHistory({ history: [at('base', '1'), at('ENV')], baseEntries: 1 }, '9')), [
    '1',
    '1',
  ]);
  assert.equal(times(datedHistory({ history: [at('ENV')], baseEntries: 0 }, '9')), ['9']);
});

test('what the base says of itself stays', () => {
  assert.equal(times(datedHistory({ history: [at('base'), at('RUN', '2')], baseEntries: 1 }, '9')), [
    undefined,
    '2',
  ]);
});

test.run();
