import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains } from './container-lab.ts';
import { eventually, pod, podOk, sandbox, test } from './harness/index.ts';
import { freePort } from './registry/free-port.ts';

const quiet = ['--network', 'none'];
const create = (name: string, flags: string[] = quiet) => podOk(['pod', 'create', '--name', name, ...flags]);
const member = (name: string, flags: string[], command = ['sleep', '1000']) =>
  podOk(['run', '-d', '--name', name, ...flags, BUSYBOX, ...command]);
const list = (format: string) => podOk(['pod', 'ps', '--format', format]);
const statusOf = async (name: string) => podOk(['pod', 'inspect', '-f', '{{.State}}', name]);

test.after.each(async () => {
  await pod(['pod', 'rm', '-af']);
  await pod(['rm', '-af']);
});

test('a pod is made, runs, stops, starts again and goes, with all of its containers', async () => {
  const id = await create('web');
  assert.match(id, /^[0-9a-f]{64}$/);
  assert.is(await list('{{.Name}} {{.Status}} {{.NumberOfContainers}}'), 'web Created 1');
  await member('one', ['--pod', 'web', '--stop-signal', 'KILL']);
  assert.is(await list('{{.Name}} {{.Status}} {{.NumberOfContainers}}'), 'web Running 2');
  await podOk(['stop', '-t', '0', 'one']);
  assert.is(await statusOf('web'), 'Degraded');
  assert.is(await podOk(['pod', 'start', 'web']), id);
  assert.is(await statusOf('web'), 'Running');
  assert.is(await podOk(['pod', 'stop', 'web']), id);
  assert.is(await statusOf('web'), 'Exited');
  assert.is(await podOk(['pod', 'restart', '-t', '0', 'web']), id);
  assert.is(await statusOf('web'), 'Running');
  assert.is(await podOk(['pod', 'kill', 'web']), id);
  await eventually(async () => (await statusOf('web')) === 'Exited');
  assert.is(await podOk(['pod', 'rm', 'web']), id);
  assert.equal(remains(), []);
});

test("the containers of a pod share what it says, and its ports are the pod's", async () => {
  const port = await freePort();
  await create('web', ['-p', `127.0.0.1:${port}:80`]);
  await member(
    'one',
    ['--pod', 'web'],
    ['sh', '-c', 'mkdir /w; echo hello > /w/index.html; exec httpd -f -p 80 -h /w'],
  );
  await eventually(async () => (await (await fetch(`http://127.0.0.1:${port}/`)).text()) === 'hello\n');
  const kinds = ['user', 'net', 'ipc', 'uts', 'pid'];
  const look = `hostname; wget -qO- http://localhost/; echo shared > /dev/shm/x; for kind in ${kinds.join(' ')}; do readlink /proc/self/ns/$kind; done`;
  const two = (await podOk(['run', '--rm', '--pod', 'web', BUSYBOX, 'sh', '-c', look])).split('\n');
  assert.equal(two.slice(0, 2), ['web', 'hello']);
  const one = (await podOk(['exec', 'one', 'sh', '-c', look])).split('\n');
  assert.equal(
    kinds.filter((_, i) => one[i + 2] === two[i + 2]),
    ['user', 'net', 'ipc', 'uts'],
  );
  assert.is(await podOk(['exec', 'one', 'cat', '/dev/shm/x']), 'shared');
});

test('process ids are shared on request: process 1 holds nothing, has no rights and reaps', async () => {
  await create('web', [...quiet, '--share', '+pid']);
  await member('one', ['--pod', 'web'], ['sh', '-c', 'sh -c "sleep 0.01 & exec true"; exec sleep 1000']);
  assert.match(await podOk(['exec', 'one', 'ps', '-o', 'pid,args']), /^ +1 +tsc-pod-init 0$/m);
  const about = await podOk([
    'exec',
    'one',
    'sh',
    '-c',
    'cat /proc/1/environ; ls /proc/1/fd; grep -E "^(Cap|NoNew|Seccomp:)" /proc/1/status; ls -A /proc/1/root',
  ]);
  const none = '0000000000000000';
  assert.equal(about.split('\n'), [
    ...['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((set) => `Cap${set}:\t${none}`),
    'NoNewPrivs:\t1',
    'Seccomp:\t2',
    ...['dev', 'etc', 'proc'],
  ]);
  await eventually(async () => !(await podOk(['exec', 'one', 'ps', '-o', 'stat,args'])).includes('Z'));
  const { code, stderr } = await pod(['exec', 'one', 'sh', '-c', 'echo x > /proc/1/root/etc/hosts2']);
  assert.is(code, 1);
  assert.match(stderr, /Read-only file system/);
});

test('nothing is started for a container that is only made, and what it needs is when it starts', async () => {
  await create('web');
  await podOk(['run', '--rm', '--pod', 'web', BUSYBOX, 'true']);
  assert.is(await statusOf('web'), 'Running');
  await podOk(['pod', 'stop', 'web']);
  assert.is(await podOk(['run', '--rm', '--pod', 'web', BUSYBOX, 'echo', 'hello']), 'hello');
});

test('many containers started at once in one pod start what holds it once', async () => {
  await create('web');
  const all = [1, 2, 3, 4].map((n) => member(`c${n}`, ['--pod', 'web']));
  await Promise.all(all);
  assert.is(await list('{{.Status}} {{.NumberOfContainers}}'), 'Running 5');
});

test('a monitor that is killed leaves a degraded pod, which a start mends', async () => {
  await create('web');
  await member('one', ['--pod', 'web']);
  const infra = await podOk(['pod', 'inspect', '-f', '{{.InfraContainerID}}', 'web']);
  process.kill(Number(await podOk(['inspect', '-f', '{{.State.ConmonPid}}', infra])), 'SIGKILL');
  await eventually(async () => (await statusOf('web')) === 'Degraded');
  await podOk(['pod', 'start', 'web']);
  assert.is(await statusOf('web'), 'Running');
});

test('pod --pod new: makes one with the network of the container', async () => {
  const port = await freePort();
  await member('one', ['--pod', 'new:fresh', '--rm', '-p', `127.0.0.1:${port}:80`, '--hostname', 'named']);
  assert.is(await list('{{.Name}} {{.Status}} {{.NumberOfContainers}}'), 'fresh Running 2');
  assert.is(await podOk(['exec', 'one', 'hostname']), 'named');
  const ports = '{{range $k, $v := .InfraConfig.PortBindings}}{{$k}} {{(index $v 0).HostPort}}{{end}}';
  assert.is(await podOk(['pod', 'inspect', '-f', ports, 'fresh']), `80/tcp ${port}`);
});

test('what a pod decides can not be decided by a container of it', async () => {
  await create('web');
  const refused = async (...flags: string[]) => {
    const { code, stderr } = await pod(['run', '--rm', '--pod', 'web', ...flags, BUSYBOX, 'true']);
    return `${code} ${stderr.split('\n')[0]!.replace(/^Error: ([^:]*):.*/, '$1')}`;
  };
  assert.is(await refused('-p', '1:1'), '125 cannot publish ports of a container in pod web');
  assert.is(await refused('--hostname', 'x'), '125 cannot set the host name of a container in pod web');
  assert.is(
    await refused('--userns', 'keep-id'),
    '125 cannot use --userns, --uidmap or --gidmap together with --pod',
  );
  assert.is(await refused('--dns', '1.1.1.1'), '125 conflicting options');
  assert.equal(
    await pod(['run', '--pod', 'nobody', BUSYBOX, 'true']),
    ended(125, '', 'Error: no such pod: nobody\ntsc-pod pod ps   # lists all pods\n'),
  );
});

test('a pod and a container can not have one name, and what runs or holds is not removed', async () => {
  const id = (await create('web')).slice(0, 12);
  assert.equal(
    await pod(['pod', 'create', '--name', 'web']),
    ended(
      125,
      '',
      `Error: the name "web" is taken: pod ${id} has it\ntsc-pod pod rm web   # or choose another name\n`,
    ),
  );
  assert.match(
    (await pod(['run', '--name', 'web', BUSYBOX, 'true'])).stderr,
    /^Error: the name "web" is taken: pod /,
  );
  await member('one', ['--pod', 'web']);
  assert.equal(
    await pod(['pod', 'rm', 'web']),
    ended(
      125,
      '',
      'Error: cannot remove pod web: one of it is running\ntsc-pod pod rm -f web   # or stop it first\n',
    ),
  );
  assert.equal(
    await pod(['rm', '-f', `${id}-infra`]),
    ended(
      125,
      '',
      `Error: cannot remove ${id}-infra: it holds the namespaces of pod ${id}\ntsc-pod pod rm ${id}\n`,
    ),
  );
  assert.is((await pod(['pod', 'rm', 'nobody'])).code, 1);
  assert.equal(await pod(['pod', 'exists', 'nobody']), ended(1));
  assert.equal(await pod(['pod', 'exists', 'web']), ended(0));
  assert.is(
    await podOk([
      'pod',
      'create',
      '--replace',
      '--name',
      'web',
      ...quiet,
      '--pod-id-file',
      join(sandbox.dir, 'pod-id'),
    ]),
    readFileSync(join(sandbox.dir, 'pod-id'), 'utf8'),
  );
});

test("the list has podman's columns and filters", async () => {
  const id = await create('web', [...quiet, '--label', 'tier=front']);
  const infra = await podOk(['pod', 'inspect', '-f', '{{.InfraContainerID}}', 'web']);
  const { stdout } = await pod(['pod', 'ps']);
  assert.match(stdout.split('\n')[0]!, /^POD ID +NAME +STATUS +CREATED +INFRA ID +# OF CONTAINERS$/);
  assert.match(
    stdout.split('\n')[1]!,
    new RegExp(`^${id.slice(0, 12)} +web +Created +.* +${infra.slice(0, 12)} +1$`),
  );
  assert.match(
    (await pod(['pod', 'ps', '--ctr-names', '--ctr-status'])).stdout,
    new RegExp(`NAMES +STATUS\n.* ${id.slice(0, 12)}-infra +created\n$`),
  );
  assert.is(await podOk(['pod', 'ps', '-q', '--no-trunc']), id);
  for (const filter of [
    'label=tier=front',
    'name=we',
    'status=created',
    'ctr-status=created',
    'ctr-number=1',
    `id=${id.slice(0, 5)}`,
  ])
    assert.is(await podOk(['pod', 'ps', '-q', '--filter', filter]), id.slice(0, 12), filter);
  for (const filter of ['label=tier=back', 'name=x', 'status=running', 'ctr-number=2'])
    assert.is(await podOk(['pod', 'ps', '-q', '--filter', filter]), '', filter);
  await podOk(['pod', 'prune', '-f']);
  assert.is(await podOk(['pod', 'ps', '-q']), '');
  assert.equal(remains(), []);
});

test('rm --all leaves what holds the namespaces to pod rm', async () => {
  await create('held');
  const id = await member('one', ['--pod', 'held']);
  assert.equal(await pod(['rm', '-af']), ended(0, `${id}\n`));
  assert.is(await list('{{.Name}} {{.Status}} {{.NumberOfContainers}}'), 'held Running 1');
});

test('without an infra container the containers share nothing', async () => {
  await create('loose', ['--infra=false']);
  assert.is(await list('{{.Name}} {{.Status}} {{.NumberOfContainers}}'), 'loose Created 0');
  await member('one', ['--pod', 'loose', ...quiet]);
  assert.is(await statusOf('loose'), 'Running');
  assert.match(
    (await pod(['pod', 'create', '--infra=false', '-p', '1:1'])).stderr,
    /^Error: cannot set port bindings without an infra container/,
  );
});

test("ids that do not have the user's own among them work for a pod, too", async () => {
  await create('mapped', [...quiet, '--userns', 'nomap']);
  assert.match(
    await podOk(['run', '--rm', '--pod', 'mapped', BUSYBOX, 'cat', '/proc/self/uid_map']),
    /^ +0 +[1-9]\d{4,}/,
  );
});

test.run();
