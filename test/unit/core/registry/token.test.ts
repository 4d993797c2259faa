import { Readable } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Credentials } from '../../../../core/config/credentials.ts';
import { fetchToken, type TokenRequest } from '../../../../core/registry/token.ts';
import type { Exchange, Transport } from '../../../../core/registry/transport.ts';

/** What the token server is asked. */
async function asked(request: Partial<TokenRequest>, scope?: string): Promise<Exchange> {
  let sent: Exchange | undefined;
  const transport: Transport = {
    idleTimeout: 1000,
    close() {},
    send: async (exchange) => {
      sent = exchange;
      const body = Readable.from([Buffer.from('{"token":"abc"}')]);
      return { url: exchange.url, status: 200, headers: {}, body } as never;
    },
  };
  const parameters = {
    realm: 'https://auth.example/token?scope=theirs',
    service: 's',
    ...(scope && { scope }),
  };
  await fetchToken(transport, {
    challenge: { scheme: 'bearer', parameters },
    registry: new URL('https://registry.example/v2/'),
    repository: 'team/app',
    actions: 'pull,push',
    credentials: undefined,
    insecure: false,
    ...request,
  });
  return sent!;
}

const scopes = ({ url }: Exchange): string[] => url.searchParams.getAll('scope');

test('a token for a push is asked for with all that is to be done, whatever the first request was', async () => {
  assert.equal(scopes(await asked({})), ['repository:team/app:pull,push']);
  assert.equal(scopes(await asked({}, 'repository:team/app:pull')), ['repository:team/app:pull,push']);
});

test('a mount is asked for with the right to pull from the other repository', async () => {
  const both = ['repository:team/app:pull,push', 'repository:library/base:pull'];
  assert.equal(scopes(await asked({ alsoPull: 'library/base' })), both);
  const credentials: Credentials = { kind: 'identity', token: 'refresh' };
  const { body } = await asked({ alsoPull: 'library/base', credentials });
  assert.is(new URLSearchParams(String(body)).get('scope'), both.join(' '));
});

test('the name that a registry knows the repository by is taken, its wishes for more are not', async () => {
  assert.equal(scopes(await asked({}, 'repository:prefix/team/app:push')), [
    'repository:prefix/team/app:pull,push',
  ]);
  assert.equal(scopes(await asked({}, 'repository:prefix/team/app:delete')), [
    'repository:team/app:pull,push',
  ]);
  assert.equal(scopes(await asked({ actions: 'pull' }, 'repository:other:pull,push')), [
    'repository:team/app:pull',
  ]);
});

test.run();
