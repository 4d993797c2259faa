import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseClaim } from '../../../../../core/images/signatures/payload.ts';

const claim = {
  critical: {
    type: 'atomic container signature',
    image: { 'docker-manifest-digest': 'sha256:1' },
    identity: { 'docker-reference': 'x:1' },
  },
  optional: {},
};
const read = (value: unknown, type = 'atomic container signature' as const) =>
  parseClaim(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), type);

test('digest and reference are read', () => {
  assert.equal(read(claim), { digest: 'sha256:1', reference: 'x:1' });
  assert.ok(read({ ...claim, optional: { creator: 'c', timestamp: 1, other: [1] } }));
});

test('whatever else than the format says is refused', () => {
  const { critical, optional } = claim;
  const cases: unknown[] = [
    ...['', '[]', '{', JSON.stringify(claim).replace('"optional"', '"critical"')],
    ...[
      { critical },
      { critical, optional, more: 1 },
      { critical, optional: null },
      { critical, optional: [] },
    ],
    { critical: { ...critical, type: 'other' }, optional },
    { critical: { ...critical, more: 1 }, optional },
    { critical: { ...critical, image: {} }, optional },
    { critical: { ...critical, image: { ...critical.image, more: 1 } }, optional },
    { critical: { ...critical, image: { 'docker-manifest-digest': 1 } }, optional },
    { critical: { ...critical, identity: { 'docker-reference': null } }, optional },
    { critical, optional: { creator: 1 } },
    { critical, optional: { timestamp: '1' } },
    { critical, optional: { timestamp: 1.5 } },
  ];
  for (const value of cases) assert.throws(() => read(value), JSON.stringify(value));
  assert.throws(() => parseClaim(Buffer.from([0xff, 0xfe]), 'atomic container signature'), TypeError);
});

test("cosign's has a type of its own, and may have null where nothing is optional", () => {
  const type = 'cosign container image signature' as const;
  const own = { critical: { ...claim.critical, type }, optional: null };
  assert.ok(parseClaim(Buffer.from(JSON.stringify(own)), type));
  assert.throws(() => read(own));
});

test.run();
