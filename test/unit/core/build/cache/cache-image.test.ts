import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CACHE_FIELD, cacheField, sharedSteps } from '../../../../../core/build/cache/cache-image.ts';
import type { PodError } from '../../../../../core/error.ts';
import type { ImageConfig } from '../../../../../core/images/format/types.ts';

const created = '2026-01-02T03:04:05.678Z';
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const layer = (digit: string) => ({
  diffId: digest(digit),
  blob: { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digest(digit), size: 10 },
  size: 10,
});
const key = (digit: string): string => digit.repeat(64);
const config = (field: unknown): ImageConfig =>
  ({
    ...{ os: 'linux', architecture: 'amd64', [CACHE_FIELD]: field },
    rootfs: { type: 'layers', diff_ids: [digest('a'), digest('b')] },
  }) as ImageConfig;
const layers = [layer('a').blob, layer('b').blob];

test('what is shared is what was remembered; a step whose layer is elsewhere is not, nor what an instruction said', () => {
  const text = 'RUN |1 TOKEN=secret true';
  const steps = new Map([
    [key('3'), { layer: layer('c'), created, text }],
    [key('2'), { layer: layer('b'), created, text }],
    [key('1'), { layer: undefined, created, text }],
  ]);
  const field = cacheField(steps, [digest('a'), digest('b')]);
  assert.equal(field, {
    [CACHE_FIELD]: [
      { key: key('1'), created },
      { key: key('2'), created, layer: 1, size: 10 },
    ],
  });
  assert.equal(
    [...sharedSteps(config(field[CACHE_FIELD]), layers, 'it')!],
    [
      [key('1'), { created, layer: undefined }],
      [key('2'), { created, layer: layer('b') }],
    ],
  );
  assert.is(sharedSteps(config(undefined), layers, 'it'), undefined);
});

test('a list that nobody of us has written is refused', () => {
  const refusal = (field: unknown): string | undefined => {
    try {
      sharedSteps(config(field), layers, 'it');
    } catch (error) {
      return (error as PodError).code === 'invalid' ? (error as PodError).why : String(error);
    }
    throw new Error(`${JSON.stringify(field)} was taken`);
  };
  const step = { key: key('1'), created, layer: 0, size: 10 };
  const list = 'its list of cached steps is none';
  for (const field of [null, {}, 'x', Array(10_001).fill(step)]) assert.is(refusal(field), list);
  for (const entry of [null, 1, []]) assert.is(refusal([entry]), 'it has a cached step that is none');
  for (const bad of ['../../../etc/passwd', '', `${key('1')}\n`, key('1').slice(1), key('A'), 1, undefined])
    assert.is(refusal([{ ...step, key: bad }]), 'the key of a cached step is none');
  for (const bad of ['', 'now', '2026-13-02T03:04:05.678Z', '2026-01-02', `${created}\u001b[2J`, 5])
    assert.is(refusal([{ ...step, created: bad }]), 'the time of a cached step is none');
  for (const bad of [2, -1, 0.5, '0', null, '__proto__', 'length'])
    assert.is(refusal([{ ...step, layer: bad }]), 'a cached step has a layer that is not there');
  for (const bad of [-1, 1e300, '10', undefined, null])
    assert.is(refusal([{ ...step, size: bad }]), 'the size of a cached step is none');
});

test.run();
