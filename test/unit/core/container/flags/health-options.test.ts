import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type HealthFlags, healthOf } from '../../../../../core/container/flags/health-options.ts';
import { PodError } from '../../../../../core/error.ts';
import type { ExecutionConfig } from '../../../../../core/images/format/types.ts';

const of = (flags: Partial<HealthFlags>, image: ExecutionConfig = {}) =>
  healthOf({ onFailure: 'none', none: false, ...flags }, image);
const SECOND = 1e9;

function refusal(flags: Partial<HealthFlags>, image?: ExecutionConfig): string {
  try {
    of(flags, image);
  } catch (error) {
    if (error instanceof PodError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
}

test('nothing asked for and nothing in the image is no check', () => {
  assert.equal(of({}), {});
  assert.equal(of({}, { Healthcheck: { Test: [] } }).health, undefined);
});

test("a line is the shell's, an array a command, and docker's defaults hold", () => {
  assert.equal(of({ cmd: 'curl -f x || exit 1' }), {
    healthcheck: { Test: ['CMD-SHELL', 'curl -f x || exit 1'] },
    health: {
      args: ['/bin/sh', '-c', 'curl -f x || exit 1'],
      interval: 30_000,
      timeout: 30_000,
      startPeriod: 0,
      startInterval: 5_000,
      retries: 3,
      onFailure: 'none',
    },
  });
  const args = (cmd: string) => of({ cmd }).health?.args;
  assert.equal(args('["a", "b c"]'), ['a', 'b c']);
  assert.equal(args('["CMD", "a"]'), ['a']);
  assert.equal(args('["CMD-SHELL", "a b"]'), ['/bin/sh', '-c', 'a b']);
  assert.equal(args('[ -f /ready ]'), ['/bin/sh', '-c', '[ -f /ready ]']);
  assert.equal(args('[1, 2]'), ['/bin/sh', '-c', '[1, 2]']);
  assert.equal(of({ cmd: 'x' }, { Shell: ['/bin/ash', '-ec'] }).health?.args, ['/bin/ash', '-ec', 'x']);
});

test('flags stand over what the image says, each by itself', () => {
  const image = {
    Healthcheck: {
      Test: ['CMD', 'probe'],
      Interval: 5 * SECOND,
      Timeout: 2 * SECOND,
      StartPeriod: 7 * SECOND,
      Retries: 9,
    },
  };
  const { healthcheck, health } = of({ timeout: 250, retries: 1, onFailure: 'kill' }, image);
  assert.equal(healthcheck, { ...image.Healthcheck, Timeout: 0.25 * SECOND, Retries: 1 });
  assert.equal(health, {
    args: ['probe'],
    interval: 5000,
    timeout: 250,
    startPeriod: 7000,
    startInterval: 5000,
    retries: 1,
    onFailure: 'kill',
  });
  assert.is(of({ interval: -1 }, image).health?.interval, -1);
  assert.is(of({ interval: 0 }, image).health?.interval, 30_000);
});

test('a check is switched off by either way, and by the image', () => {
  const image = { Healthcheck: { Test: ['CMD', 'probe'] } };
  assert.equal(of({ none: true }, image), { healthcheck: { Test: ['NONE'] } });
  assert.equal(of({ cmd: 'none' }, image).health, undefined);
  assert.equal(of({}, { Healthcheck: { Test: ['NONE'] } }).health, undefined);
});

test('flags that can not hold are refused', () => {
  assert.is(refusal({ interval: 1000 }), 'usage: cannot check the health of this container');
  assert.is(refusal({ onFailure: 'kill' }), 'usage: cannot check the health of this container');
  assert.is(refusal({ none: true, cmd: 'x' }), 'usage: --no-healthcheck and --health-* exclude each other');
  assert.is(refusal({ cmd: 'x', timeout: 0.5 }), 'usage: --health-timeout takes 1 ms or more');
  assert.is(refusal({ cmd: 'x', startPeriod: -5 }), 'usage: --health-start-period takes 1 ms or more');
  assert.is(refusal({ cmd: 'x', retries: -1 }), 'usage: --health-retries cannot be negative');
});

test.run();
