import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseChallenges } from '../../../../core/registry/challenge.ts';

test('a bearer challenge is read with all its parameters', () => {
  const header =
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/alpine:pull,push"';
  assert.equal(parseChallenges(header), [
    {
      scheme: 'bearer',
      parameters: {
        realm: 'https://auth.docker.io/token',
        service: 'registry.docker.io',
        scope: 'repository:library/alpine:pull,push',
      },
    },
  ]);
});

test('several challenges in one header are told apart', () => {
  const header = 'Basic realm="a, b", charset=UTF-8, BEARER Realm = "x" , error="invalid_token", Negotiate';
  assert.equal(parseChallenges(header), [
    { scheme: 'basic', parameters: { realm: 'a, b', charset: 'UTF-8' } },
    { scheme: 'bearer', parameters: { realm: 'x', error: 'invalid_token' } },
    { scheme: 'negotiate', parameters: {} },
  ]);
});

test('quoted pairs are unquoted', () => {
  assert.is(parseChallenges('Basic realm="say \\"hi\\""')[0]?.parameters.realm, 'say "hi"');
});

test('nonsense ends the list and never throws or hangs', () => {
  assert.equal(parseChallenges(undefined), []);
  for (const header of [
    '',
    ',,,',
    '"',
    'Bearer realm="unclosed',
    '=',
    'Bearer =x',
    'a b c d',
    ',=,',
    'x'.repeat(9000),
  ]) {
    assert.ok(Array.isArray(parseChallenges(header)), header.slice(0, 20));
  }
  const evil = `Bearer ${'a="\\'.repeat(1500)}`;
  const start = Date.now();
  parseChallenges(evil);
  assert.ok(Date.now() - start < 5000);
});

test('a parameter cannot reach the prototype', () => {
  const parameters = parseChallenges('Bearer __proto__="x", constructor="y"')[0]?.parameters;
  assert.is(Object.getPrototypeOf(parameters), Object.prototype);
});

test.run();
