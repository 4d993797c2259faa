import { type AddressInfo, createServer, type Server } from 'node:net';
import { test } from 'uvu';

const servers = new Map<number, { server: Server; greeted: number }>();

/** A server of this process that greets with `hello from the host`; its port. It ends with the test file. */
export async function greet(host: string): Promise<number> {
  const server = createServer((socket) => {
    servers.get((server.address() as AddressInfo).port)!.greeted++;
    socket.on('error', () => {}).end('hello from the host\n');
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  servers.set(port, { server, greeted: 0 });
  return port;
}

/** How many that server has greeted so far. */
export const greeted = (port: number): number => servers.get(port)!.greeted;

test.after(() => {
  for (const { server } of servers.values()) server.close();
});
