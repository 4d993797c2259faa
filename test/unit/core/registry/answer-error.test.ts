import { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { answerError } from '../../../../core/registry/answer-error.ts';
import type { Answer } from '../../../../core/registry/transport.ts';

function refusal(status: number, body: string, actions = 'pull', headers = {}) {
  const url = new URL('https://registry.example/v2/');
  const answer = { url, status, headers, body: Readable.from([Buffer.from(body)]) } as unknown as Answer;
  const refused = { doing: 'push the blob 1 to', registry: 'registry.example', repository: 'team/app' };
  return answerError(answer, { ...refused, idleTimeout: 1000, actions });
}

test('what a registry says is told with the status, and its codes are kept', async () => {
  const errors = [{ code: 'DENIED', message: 'quota exceeded\u001b[31m' }, { code: 'OTHER' }];
  const error = await refusal(403, JSON.stringify({ errors }), 'pull,push');
  assert.is(error.code, 'denied');
  assert.is(error.message, 'cannot push the blob 1 to registry.example/team/app');
  assert.is(error.why, '403 access denied, or there is no such repository (quota exceeded?[31m; OTHER)');
  assert.equal(error.codes, ['DENIED', 'OTHER']);
  assert.is(error.transient, false);
});

test('the hint depends on what was to be done', async () => {
  assert.is((await refusal(401, '')).hint, 'if it is private: tsc-pod login registry.example');
  const hint = 'log in as somebody who may push there: tsc-pod login registry.example';
  assert.is((await refusal(401, '', 'pull,push')).hint, hint);
});

test('what may pass is transient, with the time that the registry asks for', async () => {
  for (const status of [408, 429, 500, 502, 503, 504]) {
    const error = await refusal(status, '', 'pull', { 'retry-after': '7' });
    assert.equal([error.transient, error.retryAfter], [true, 7000], String(status));
  }
  for (const status of [400, 401, 404, 413, 507]) assert.not.ok((await refusal(status, '')).transient);
});

test('a body that is no list of errors is no problem', async () => {
  for (const body of [
    '',
    'null',
    '[]',
    '{"errors":7}',
    '{"errors":[null]}',
    '<html>',
    '{"errors":[{"code":{}}]}',
  ]) {
    const error = await refusal(404, body);
    assert.is(error.code, 'not-found');
    assert.match(error.why!, /^404 not found/);
  }
});

test('a code of the specification that names a mistake is one', async () => {
  for (const code of ['NAME_INVALID', 'DIGEST_INVALID', 'MANIFEST_INVALID', 'BLOB_UPLOAD_INVALID'])
    assert.is((await refusal(400, JSON.stringify({ errors: [{ code }] }))).code, 'invalid');
});

test.run();
