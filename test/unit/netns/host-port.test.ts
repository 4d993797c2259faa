import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PodError } from '../../../core/error.ts';
import {
  assignHostPorts,
  checkPortsFree,
  type HostPortFacts,
  hostPortFacts,
} from '../../../netns/host-port.ts';
import { parsePublish } from '../../../netns/port.ts';

/** A host where `taken` are the ports in use and the next free ones are handed out from 40000. */
function host(taken: number[] = [], error = 'EADDRINUSE'): HostPortFacts {
  let next = 40000;
  return {
    tryBind: async (_ip, port) => {
      if (taken.includes(port)) throw Object.assign(new Error(error), { code: error });
      return port === 0 ? next++ : port;
    },
    holder: () => 'nginx (pid 812)',
    firstFreePort: () => 1024,
  };
}

async function failure(promise: Promise<unknown>): Promise<PodError> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, PodError);
    return error as PodError;
  }
  throw new Error('it did not fail');
}

const assign = (words: string[], facts: HostPortFacts) => assignHostPorts(words.flatMap(parsePublish), facts);

test('fixed ports stay as they are, in the order they were asked for', async () => {
  const mappings = await assign(['8001:81', '8000:80/udp', '127.0.0.1:8000:80'], host());
  assert.equal(
    mappings.map((one) => [one.hostIp, one.hostPort, one.containerPort, one.protocol]),
    [
      ['0.0.0.0', 8001, 81, 'tcp'],
      ['0.0.0.0', 8000, 80, 'udp'],
      ['127.0.0.1', 8000, 80, 'tcp'],
    ],
  );
});

test('a taken port is a conflict that names who has it', async () => {
  const error = await failure(assign(['127.0.0.1:8080:80'], host([8080])));
  assert.is(error.code, 'conflict');
  assert.is(error.message, 'cannot publish 127.0.0.1:8080/tcp');
  assert.is(error.why, 'address already in use by nginx (pid 812)');
  assert.is(error.hint, '-p 127.0.0.1::80   # lets the system choose a port, or give another one');
});

test('a port below the limit is denied with the sysctl that mends it', async () => {
  const error = await failure(assign(['80:8080'], host([80], 'EACCES')));
  assert.is(error.code, 'denied');
  assert.is(error.why, 'ports below 1024 are for root on this host');
  assert.is(error.hint, 'sudo sysctl net.ipv4.ip_unprivileged_port_start=80');
});

test('an address that the host does not have is a usage error', async () => {
  const error = await failure(assign(['10.9.9.9:8080:80'], host([8080], 'EADDRNOTAVAIL')));
  assert.is(error.code, 'usage');
  assert.is(error.why, '10.9.9.9 is not an address of this host');
});

test('a range gives its first free port, and fails when none is', async () => {
  assert.is((await assign(['8000-8003:80'], host([8000, 8001])))[0]?.hostPort, 8002);
  const error = await failure(assign(['8000-8001:80'], host([8000, 8001])));
  assert.is(error.why, 'no port from 8000 to 8001 of 0.0.0.0 is free');
});

test('neither a range nor a random choice takes a port that was asked for by number', async () => {
  const mappings = await assign(['8000-8001:80', '8000:81', '82', '40000:83'], host());
  assert.equal(
    mappings.map((one) => one.hostPort),
    [8001, 8000, 40001, 40000],
  );
});

test('two wishes for one port clash, also where one is for all addresses', async () => {
  for (const words of [
    ['8000:80', '8000:81'],
    ['8000:80', '127.0.0.1:8000:81'],
  ]) {
    const error = await failure(assign(words, host()));
    assert.is(error.code, 'usage');
    assert.match(error.why ?? '', /ports 80 and 81 of the container both ask for it/);
  }
  assert.is((await assign(['8000:80', '8000:80/udp'], host())).length, 2);
  assert.is((await assign(['127.0.0.1:8000:80', '127.0.0.2:8000:80'], host())).length, 2);
});

test('the same wish twice is one', async () => {
  assert.is((await assign(['8000:80', '8000:80'], host())).length, 1);
});

test('sockets of this process are found as holders of TCP and UDP ports', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const mapping = { hostIp: '0.0.0.0', hostPort: port, containerPort: 80, protocol: 'tcp' as const };
    const error = await failure(checkPortsFree([mapping]));
    assert.is(error.code, 'conflict');
    assert.match(error.why ?? '', new RegExp(`in use by .* \\(pid ${process.pid}\\)`));
    const udp = {
      ...mapping,
      hostIp: '127.0.0.1',
      hostPort: socket.address().port,
      protocol: 'udp' as const,
    };
    assert.match((await failure(checkPortsFree([udp]))).why ?? '', new RegExp(`pid ${process.pid}`));
    assert.match(
      (
        await failure(
          checkPortsFree(
            [udp],
            hostPortFacts(() => 'the container web'),
          ),
        )
      ).why ?? '',
      /by the container web/,
    );
  } finally {
    server.close();
    socket.close();
  }
});

test('random ports of the system are free afterwards', async () => {
  const mappings = await assignHostPorts(
    ['127.0.0.1::80', '127.0.0.1::81', '127.0.0.1::80/udp'].flatMap(parsePublish),
  );
  assert.is(new Set(mappings.map((one) => one.hostPort)).size, 3);
  await checkPortsFree(mappings);
});

test.run();
