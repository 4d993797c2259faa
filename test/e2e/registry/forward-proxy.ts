/** The proxy of a company: CONNECT for TLS, whole addresses for plain HTTP; every host is the one target. */

import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface ForwardProxy {
  /** "http://127.0.0.1:3128" */
  readonly url: string;
  /** "CONNECT registry.test:5000", "GET http://registry.test/v2/" */
  readonly requests: string[];
  readonly headers: IncomingHttpHeaders[];
  stop(): Promise<void>;
}

/** All connections go to 127.0.0.1 at the port that was asked for. */
export async function startForwardProxy(): Promise<ForwardProxy> {
  const requests: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const server = createServer((incoming, response) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    headers.push(incoming.headers);
    const url = new URL(incoming.url ?? '/');
    const { pathname, search, port } = url;
    const options = {
      host: '127.0.0.1',
      port,
      path: pathname + search,
      method: incoming.method,
      headers: incoming.headers,
    };
    incoming.pipe(
      request(options, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      }).on('error', () => response.destroy()),
    );
  });
  server.on('connect', (incoming, socket, head) => {
    requests.push(`CONNECT ${incoming.url}`);
    headers.push(incoming.headers);
    const port = Number(incoming.url?.split(':').at(-1));
    const out = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      out.write(head);
      out.pipe(socket).pipe(out);
    });
    const end = (): void => {
      out.destroy();
      socket.destroy();
    };
    out.on('error', end);
    socket.on('error', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    headers,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
