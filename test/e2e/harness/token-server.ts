import { createHash, createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';

export interface TokenServer {
  server: Server;
  /** Every request's path and query, in order. */
  requests: string[];
}

/**
 * The authorization server of a registry (distribution's token specification): who gives the right name and password,
 * or anyone for a pull where `anonymous` is set, gets an ES256 JSON Web Token for the scopes asked for.
 */
export function tokenServer(options: {
  key: string;
  certificate: string;
  tls: boolean;
  user: string;
  password: string;
  anonymous: boolean;
}): TokenServer {
  const key = createPrivateKey(options.key);
  const leaf = new X509Certificate(options.certificate).raw.toString('base64');
  const basic = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`;
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const requests: string[] = [];

  const answer: RequestListener = (request, response) => {
    requests.push(request.url ?? '');
    const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
    const known = request.headers.authorization === basic;
    const access = query.getAll('scope').flatMap((scope) => {
      const [type, name, actions] = scope.split(':');
      const allowed = (actions ?? '').split(',').filter((action) => known || action === 'pull');
      return [{ type, name, actions: allowed }];
    });
    if (!known && (!options.anonymous || request.headers.authorization !== undefined)) {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"UNAUTHORIZED","message":"incorrect username or password"}]}');
      return;
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: 'test-issuer',
      sub: known ? options.user : '',
      aud: query.get('service'),
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: createHash('sha256').update(randomUUID()).digest('hex'),
      access,
    };
    const body = `${encode({ typ: 'JWT', alg: 'ES256', x5c: [leaf] })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(body), { key, dsaEncoding: 'ieee-p1363' }).toString(
      'base64url',
    );
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token: `${body}.${signature}`, expires_in: 300 }));
  };
  const server = options.tls
    ? createHttps({ key: options.key, cert: options.certificate }, answer)
    : createHttp(answer);
  return { server: server as Server, requests };
}
