import { once } from 'node:events';
import { createServer } from 'node:net';

/** Each test process begins elsewhere. */
const [lowest, highest] = [20_000, 32_000];
let next = lowest + ((process.pid * 97) % (highest - lowest));

/**
 * A TCP port that nobody listens at, at any address, with `count - 1` others behind it. They are below those that the
 * kernel gives away (ip_local_port_range): nobody gets one by chance before the test takes it.
 */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    if (next + count > highest) next = lowest;
    const first = next;
    next += count;
    const free = await Promise.all(Array.from({ length: count }, (_, n) => isFree(first + n)));
    if (!free.includes(false)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
