import type { IncomingMessage } from 'node:http';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { RegistryError } from '../../../../core/registry/error.ts';
import { sendFollowing } from '../../../../core/registry/redirect.ts';
import type { Exchange, Transport } from '../../../../core/registry/transport.ts';

/** Answers the first request with a redirect, the next with 200, and remembers both. */
function redirecting(location: string, status = 307): Transport & { sent: Exchange[] } {
  const sent: Exchange[] = [];
  const body = { destroy() {} } as unknown as IncomingMessage;
  return {
    sent,
    idleTimeout: 1000,
    close() {},
    send: async (exchange) => {
      const first = sent.push(exchange) === 1;
      return { url: exchange.url, status: first ? status : 200, headers: first ? { location } : {}, body };
    },
  };
}

const request: Exchange = {
  method: 'GET',
  url: new URL('https://registry.example/v2/'),
  headers: { Authorization: 'Bearer secret', accept: '*/*' },
  insecure: false,
  registry: 'registry.example',
};

async function refusal(location: string, exchange: Exchange = request): Promise<string> {
  const transport = redirecting(location);
  const error = await sendFollowing(transport, exchange).catch((reason: unknown) => reason);
  assert.instance(error, RegistryError);
  assert.is(transport.sent.length, 1);
  return (error as RegistryError).why!;
}

test('credentials stay with their origin', async () => {
  const same = redirecting('/v2/other');
  await sendFollowing(same, request);
  assert.is(same.sent[1]!.headers.Authorization, 'Bearer secret');
  for (const location of [
    'https://elsewhere.example/v2/',
    'https://registry.example:444/v2/',
    '//user:pw@cdn.example/',
  ]) {
    const { sent, ...transport } = redirecting(location);
    await sendFollowing(transport, request);
    assert.equal(sent[1]!.headers, { accept: '*/*' }, location);
    assert.is(`${sent[1]!.url.username}${sent[1]!.url.password}`, '');
  }
});

test('a body, which holds a refresh token, goes to no other origin', async () => {
  const post: Exchange = { ...request, method: 'POST', body: 'refresh_token=secret' };
  assert.match(await refusal('https://elsewhere.example/token', post), /credentials to elsewhere\.example/);
  const same = redirecting('/token/');
  await sendFollowing(same, post);
  assert.is(same.sent[1]!.body, post.body);
});

test('TLS is not left, and only the web is gone to', async () => {
  assert.match(await refusal('http://registry.example/v2/'), /from https to http/);
  assert.match(await refusal('file:///etc/passwd'), /file:/);
});

test.run();
