import * as assert from 'uvu/assert';
import { BUSYBOX, ended } from './container-lab.ts';
import { eventually, pod, podOk, startPod, test } from './harness/index.ts';
import { freePort } from './registry/free-port.ts';

const plain = ['--network', 'none'];
const rows = (text: string) => text.split('\n').map((line) => line.trim().split(/\s{2,}/));

test('top shows the processes of a container, and of no other', async () => {
  const hostile = 'exec sh -c "sleep 1000 & wait" "$(printf "a\\033[31mb\\nc")"';
  await podOk(['run', '-d', ...plain, '--name', 't', '-u', '33', BUSYBOX, 'sh', '-c', hostile]);
  await podOk(['run', '-d', ...plain, '--name', 'other', BUSYBOX, 'sleep', '2000']);
  await eventually(async () => (await podOk(['top', 't', 'args'])).includes('sleep 1000'));
  const [titles, first, second] = rows(await podOk(['top', 't']));
  assert.equal(titles, ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
  assert.equal(
    [first![0], first![1], first![2], first!.at(-1)],
    ['www-data', '1', '0', 'sh -c sleep 1000 & wait a\\x1b[31mb\\nc'],
  );
  assert.equal([second![2], second!.at(-1)], ['1', 'sleep 1000']);
  assert.equal(rows(await podOk(['top', 't', '-o', 'pid,user=WHO,seccomp', '-e']))[1], [
    '1',
    'www-data',
    'filter',
  ]);
  const [, numbers] = rows(await podOk(['top', 't', 'uid', 'huser', 'hpid', 'capeff']));
  assert.equal([numbers![0], numbers![3]], ['33', 'none']);
  assert.is(numbers![2], await podOk(['inspect', '--format', '{{.State.Pid}}', 't']));
  assert.equal(rows(await podOk(['top', 't', 'aux']))[0]![0], 'USER');
  assert.is((await pod(['top', 't', 'nope'])).code, 125);
  await podOk(['rm', '-f', 't', 'other']);
});

test('stats tells what is used, once and in a stream', async () => {
  await podOk(['run', '-d', '--name', 's', BUSYBOX, 'sh', '-c', 'while :; do :; done']);
  await podOk(['run', ...plain, '--name', 'past', BUSYBOX, 'true']);
  const table = rows(await podOk(['stats', '--no-stream']));
  assert.equal(table[0], [
    'CONTAINER ID',
    'NAME',
    'CPU %',
    'MEM USAGE / LIMIT',
    'MEM %',
    'NET I/O',
    'BLOCK I/O',
    'PIDS',
  ]);
  assert.is(table.length, 2);
  const one = JSON.parse(await podOk(['stats', '--no-stream', '--format', 'json', 's']));
  assert.match(one.CPUPerc, /^[1-9]\d*\.\d\d%$/);
  assert.match(one.MemUsage, /^[\d.]+[kM]iB \/ [\d.]+GiB$/);
  assert.match(one.NetIO, /^[\d.]+k?B \/ [\d.]+k?B$/);
  assert.is(one.PIDs, '1');
  assert.equal(
    await podOk(['stats', '--no-stream', '--all', '--format', '{{.Name}} {{.PIDs}} {{.CPUPerc}}']).then(
      (text) => text.split('\n')[0],
    ),
    'past -- --',
  );
  const stream = startPod(['stats', '--no-trunc', '--format', '{{.ID}}', 's'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const code = new Promise((resolve) => stream.on('close', resolve));
  let shown = '';
  stream.stdout!.on('data', (text) => (shown += text));
  await eventually(() => shown.split('\n').length >= 3);
  assert.match(shown, /^[0-9a-f]{64}\n/);
  await podOk(['kill', 's']);
  assert.is(await code, 0, 'it ends with the last of those that were named');
  await podOk(['rm', '-f', 's', 'past']);
});

test('port tells where ports are published', async () => {
  const port = await freePort(2);
  await podOk([
    'run',
    '-d',
    '--name',
    'web',
    '-p',
    `127.0.0.1:${port}:80`,
    '-p',
    `127.0.0.1:${port + 1}:81/tcp`,
    BUSYBOX,
    'sleep',
    '1000',
  ]);
  assert.equal(
    await pod(['port', 'web']),
    ended(0, `80/tcp -> 127.0.0.1:${port}\n81/tcp -> 127.0.0.1:${port + 1}\n`),
  );
  assert.equal(await pod(['port', 'web', '80']), ended(0, `127.0.0.1:${port}\n`));
  assert.equal(await pod(['port', 'web', '81/tcp']), ended(0, `127.0.0.1:${port + 1}\n`));
  assert.equal(
    await pod(['port', 'web', '80/udp']),
    ended(1, '', "Error: no public port '80/udp' published for web\n"),
  );
  assert.match(
    await podOk(['port', '--all']),
    new RegExp(`^[0-9a-f]{64}\t80/tcp -> 127\\.0\\.0\\.1:${port}$`, 'm'),
  );
  assert.is((await pod(['port', 'web', '0'])).code, 125);
  await podOk(['rm', '-f', 'web']);
});

test('update keeps a restart policy, and refuses whole what can not be had', async () => {
  await podOk([
    'run',
    '-d',
    ...plain,
    '--name',
    'u',
    BUSYBOX,
    'sh',
    '-c',
    'while [ ! -e /go ]; do sleep 0.05; done; exit 4',
  ]);
  const shown = (template: string) => podOk(['inspect', '--format', template, 'u']);
  assert.equal(await pod(['update', '--restart', 'on-failure:2', 'u']), ended(0, 'u\n'));
  assert.is(
    await shown('{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}'),
    'on-failure 2',
  );
  assert.is((await pod(['update', 'u'])).code, 125);
  assert.is((await pod(['update', '--restart', 'sometimes', 'u'])).code, 125);
  assert.is((await pod(['update', '--memory', '1', '--restart', 'no', 'u'])).code, 125);
  assert.is(await shown('{{.HostConfig.RestartPolicy.Name}}'), 'on-failure');
  await podOk(['exec', 'u', 'touch', '/go']);
  await eventually(
    async () => (await shown('{{.State.Status}} {{.RestartCount}} {{.State.ExitCode}}')) === 'exited 2 4',
  );
  await podOk(['rm', '-f', 'u']);
});

test('container exists tells by its exit status', async () => {
  await podOk(['run', ...plain, '--name', 'there', BUSYBOX, 'true']);
  assert.equal(await pod(['container', 'exists', 'there']), ended(0));
  assert.equal(await pod(['container', 'exists', 'nowhere']), ended(1));
  await podOk(['rm', 'there']);
});

test("inspect has docker's shape, in the words that were typed", async () => {
  const flags = [
    '--cap-add',
    'net_admin',
    '--cap-drop',
    'CHOWN',
    '--tmpfs',
    '/t:size=1m',
    '--dns',
    '9.9.9.9',
    '--label',
    'a=b',
  ];
  const more = [
    '-v',
    '/tmp:/h:ro',
    '-v',
    'vol:/v',
    '--add-host',
    'h:1.2.3.4',
    '-u',
    '33:33',
    '--stop-signal',
    'INT',
    '--expose',
    '70',
  ];
  await podOk([
    'run',
    '-d',
    ...flags,
    ...more,
    '--security-opt',
    'no-new-privileges',
    '--name',
    'i',
    BUSYBOX,
    'sleep',
    '1000',
  ]);
  const [one] = JSON.parse(await podOk(['inspect', 'i']));
  const { HostConfig: host, Config: config, NetworkSettings: network } = one;
  assert.equal(
    [
      host.CapAdd,
      host.CapDrop,
      host.Tmpfs,
      host.Dns,
      host.ExtraHosts,
      host.Binds,
      host.SecurityOpt,
      host.ShmSize,
    ],
    [
      ['CAP_NET_ADMIN'],
      ['CAP_CHOWN'],
      { '/t': 'size=1m' },
      ['9.9.9.9'],
      ['h:1.2.3.4'],
      ['/tmp:/h:ro', 'vol:/v'],
      ['no-new-privileges'],
      64 << 20,
    ],
  );
  assert.equal(
    [config.User, config.Labels, config.Cmd, config.Entrypoint, config.ExposedPorts, config.StopSignal],
    ['33:33', { a: 'b' }, ['sleep', '1000'], null, { '70/tcp': {} }, 'SIGINT'],
  );
  assert.equal(
    one.Mounts.map((mount: Record<string, unknown>) => [mount.Type, mount.Destination, mount.RW]),
    [
      ['bind', '/h', false],
      ['volume', '/v', true],
    ],
  );
  assert.equal(
    [network.IPAddress, network.Gateway, network.Ports],
    ['10.0.2.100', '10.0.2.2', { '70/tcp': null }],
  );
  assert.equal(one.Config.CreateCommand.slice(0, 3), ['tsc-pod', 'run', '-d']);
  await podOk(['rm', '-f', 'i']);
});

test('ps orders, formats and shows namespaces', async () => {
  for (const name of ['z', 'y'])
    await podOk(['run', '-d', ...plain, '--name', name, BUSYBOX, 'sleep', '1000']);
  assert.is(await podOk(['ps', '--format', '{{.Names}}', '--sort', 'names']), 'y\nz');
  assert.is(await podOk(['ps', '--format', '{{.Names}}', '--last', '1']), 'y');
  const [titles, line] = rows(await podOk(['ps', '--ns', '--filter', 'name=z']));
  assert.equal(titles!.slice(0, 3), ['CONTAINER ID', 'NAMES', 'PID']);
  assert.match(line!.join(' '), /^[0-9a-f]{12} z \d+( \d+){7}$/);
  assert.match(
    await podOk(['ps', '--format', '{{.CreatedAt}}', '--latest']),
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \w+$/,
  );
  assert.equal(rows(await podOk(['ps', '-p', '--format', 'table {{.ID}}\t{{.Pod}}']))[0], [
    'CONTAINER ID',
    'POD ID',
  ]);
  await podOk(['rm', '-f', 'z', 'y']);
});

test.run();
