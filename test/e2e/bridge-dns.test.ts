/** The servers that a container of a bridge network is given by --dns. */
import * as assert from 'uvu/assert';
import { addressOf, IMAGE, lookUp, serve } from './bridge-lab.ts';
import { PYTHON, podOk, RESOLVER, test } from './harness/index.ts';

test('with --dns the names of members are known, and the servers given are asked for the rest, as in docker', async () => {
  await podOk(['network', 'create', '--ipv6', 'told']);
  await podOk(['network', 'create', 'near']);
  await serve('web', '--network', 'near');
  const flags = ['--network', 'told', ...PYTHON, IMAGE, '/usr/bin/python3', '-c', RESOLVER, '::'];
  await podOk(['run', '-d', '--rm', '--name', 'dns', ...flags]);
  await podOk(['exec', 'dns', 'sh', '-c', 'until grep -q :0035 /proc/net/udp6; do sleep 0.05; done']);
  const six = await podOk(['inspect', '-f', '{{.NetworkSettings.Networks.told.GlobalIPv6Address}}', 'dns']);
  for (const server of [await addressOf('dns', 'told'), six]) {
    const asks = ['--dns', server, '--network', 'told', IMAGE, 'sleep', '99'];
    await podOk(['run', '-d', '--rm', '--name', 'asks', ...asks]);
    assert.is(await lookUp('asks', 'web.example', '-type=a'), '192.0.2.7', server);
    assert.is(await lookUp('asks', 'dns', '-type=a'), await addressOf('dns', 'told'), server);
    assert.is(await lookUp('dns', 'asks', '-type=a'), await addressOf('asks', 'told'), server);
    await podOk(['network', 'connect', 'near', 'asks']);
    assert.is(await lookUp('asks', 'web', '-type=a'), await addressOf('web', 'near'), server);
    assert.is(await lookUp('asks', 'web.example', '-type=a'), '192.0.2.7', server);
    await podOk(['rm', '-f', '-t', '0', 'asks']);
  }
  await podOk(['rm', '-f', '-t', '0', 'dns', 'web']);
  await podOk(['network', 'rm', 'told', 'near']);
});

test.run();
