import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX, ended, remains, run, sh } from './container-lab.ts';
import {
  busyboxImage,
  busyboxLayer,
  mirrorDockerHub,
  pod,
  podOk,
  startRegistry,
  type TarEntry,
  test,
} from './harness/index.ts';
import { sandbox } from './harness/sandbox.ts';

/** The mounts of process 1 by destination: type and options. */
async function mounts(flags: string[] = []): Promise<Map<string, { type: string; options: string[] }>> {
  const ran = await sh('cat /proc/1/mountinfo', flags);
  assert.equal([ran.code, ran.stderr], [0, '']);
  return new Map(
    ran.stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [before, after] = line.split(' - ');
        const fields = before!.split(' ');
        return [fields[4]!, { type: after!.split(' ')[0]!, options: fields[5]!.split(',') }];
      }),
  );
}

test('what is mounted, and how', async () => {
  const all = await mounts();
  const has = (path: string, type: string, ...options: string[]) => {
    const found = all.get(path);
    assert.is(found?.type, type, path);
    for (const option of options) assert.ok(found!.options.includes(option), `${path} ${option}`);
  };
  has('/', 'overlay');
  has('/proc', 'proc', 'nosuid', 'nodev', 'noexec');
  has('/dev', 'tmpfs', 'nosuid');
  has('/dev/pts', 'devpts', 'nosuid', 'noexec');
  has('/dev/shm', 'tmpfs', 'nosuid', 'nodev', 'noexec');
  has('/dev/mqueue', 'mqueue', 'nosuid', 'nodev', 'noexec');
  has('/sys', 'sysfs', 'ro', 'nosuid', 'nodev', 'noexec');
  for (const path of ['/proc/sys', '/proc/bus', '/proc/irq']) has(path, 'proc', 'ro');
});

test('what says too much is hidden, what changes the host is read-only', async () => {
  assert.equal(
    await sh(
      'for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do test ! -e $f || head -c 1 $f; done; ls -A /sys/firmware; ls -A /proc/acpi',
    ),
    ended(0),
  );
  assert.equal(
    await sh(
      'for f in /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/kernel/uevent_helper; do (echo x >$f) 2>/dev/null && echo wrote $f; done; true',
    ),
    ended(0),
  );
});

test('--security-opt unmask and mask', async () => {
  assert.equal(
    await sh('head -c 1 /proc/interrupts | wc -c', ['--security-opt', 'unmask=/proc/interrupts']),
    ended(0, '1\n'),
  );
  assert.equal(
    await sh('cat /proc/cpuinfo /proc/uptime', ['--security-opt', 'mask=/proc/cpuinfo:/proc/uptime']),
    ended(0),
  );
  const all = await mounts(['--security-opt', 'unmask=ALL']);
  assert.not.ok([...all.keys()].some((path) => /^\/(proc|sys)\/./.test(path)));
});

test('the processes, users and files of the host are not there', async () => {
  const ran = await sh('ls -d /proc/[0-9]* | wc -l; echo $$; ls / | tr "\\n" " "');
  const [processes, pid, files] = ran.stdout.split('\n');
  assert.ok(Number(processes) <= 3);
  assert.is(pid, '1');
  assert.not.match(files!, /work|boot/);
  assert.equal(
    await sh(`test -e ${sandbox.dir} || test -e ${process.execPath} || echo none`),
    ended(0, 'none\n'),
  );
  for (const kind of ['user', 'mnt', 'pid', 'ipc', 'uts', 'net', 'cgroup'])
    assert.is.not(
      (await sh(`readlink /proc/self/ns/${kind}`)).stdout.trim(),
      readlinkSync(`/proc/self/ns/${kind}`),
    );
});

test('the filter is on, and forbids what it should', async () => {
  const status = ['grep', '-E', '^(NoNewPrivs|Seccomp):', '/proc/self/status'];
  assert.equal(await run([BUSYBOX, ...status]), ended(0, 'NoNewPrivs:\t0\nSeccomp:\t2\n'));
  assert.equal(
    await run(['--security-opt', 'no-new-privileges', BUSYBOX, ...status]),
    ended(0, 'NoNewPrivs:\t1\nSeccomp:\t2\n'),
  );
  assert.equal(
    await run(['--security-opt', 'seccomp=unconfined', BUSYBOX, ...status]),
    ended(0, 'NoNewPrivs:\t0\nSeccomp:\t0\n'),
  );
  assert.equal(await run(['--privileged', BUSYBOX, ...status]), ended(0, 'NoNewPrivs:\t0\nSeccomp:\t0\n'));
  const denied = async (script: string) => {
    const ran = await sh(script);
    assert.is.not(ran.code, 0, script);
    assert.match(ran.stderr, /not permitted|denied|Invalid|Function not implemented/, script);
  };
  await denied('mount -t tmpfs x /mnt');
  await denied('mount -o remount,rw /sys');
  await denied('umount /proc/kcore');
  await denied('mknod /x c 1 3 && cat /x');
  await denied('unshare -U true');
  await denied('unshare -m true');
  await denied('chroot /proc/1/root/.. true && unshare -m true');
  await denied('hostname other');
  await denied('swapoff /x');
});

test('--security-opt seccomp=FILE is the filter', async () => {
  const file = join(sandbox.work, 'profile.json');
  writeFileSync(
    file,
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }],
    }),
  );
  assert.equal(
    await sh('mkdir /x', ['--security-opt', `seccomp=${file}`]),
    ended(1, '', "mkdir: can't create directory '/x': Function not implemented\n"),
  );
  writeFileSync(file, '{');
  const broken = await run(['--security-opt', `seccomp=${file}`, BUSYBOX, 'true']);
  assert.equal([broken.code, broken.stdout], [125, '']);
  assert.match(broken.stderr, /profile\.json/);
});

test('the launcher can not be reached through /proc/self/exe or by its descriptors', async () => {
  const libexec = join(sandbox.data, 'libexec');
  const launcher = join(libexec, readdirSync(libexec)[0]!, 'launcher');
  const hash = () => createHash('sha256').update(readFileSync(launcher)).digest('hex');
  const before = hash();
  // The launcher as the command: it must not get at its own file, nor be told anything.
  const ran = await run(['--entrypoint', '/proc/self/exe', BUSYBOX, '--version']);
  assert.is.not(ran.code, 0);
  await sh(
    'echo x >/proc/1/exe; for p in /proc/[0-9]*; do (echo x >$p/exe) 2>/dev/null; ls -l $p/fd; done; true',
  );
  const id = await podOk([
    'run',
    '-d',
    '--network',
    'none',
    BUSYBOX,
    'sh',
    '-c',
    'while :; do for p in /proc/[0-9]*; do case $p in /proc/1) ;; *) (echo x >$p/exe) 2>/dev/null && echo wrote; readlink $p/exe | grep -v busybox;; esac; done; done',
  ]);
  for (let i = 0; i < 10; i++) assert.is((await pod(['exec', id, 'true'])).code, 0);
  assert.not.match(await podOk(['logs', id]), /wrote|launcher/);
  await podOk(['rm', '-f', id]);
  assert.is(hash(), before);
});

const hostile: Record<string, TarEntry[]> = {
  'proc-link': [{ name: 'proc', type: 'symlink', target: '/etc' }],
  'proc-up': [{ name: 'proc', type: 'symlink', target: '../../../../proc' }],
  'dev-up': [{ name: 'dev', type: 'symlink', target: '../../..' }],
  'dev-link': [{ name: 'dev', type: 'symlink', target: '/etc' }],
  'sys-link': [{ name: 'sys', type: 'symlink', target: '/proc' }],
  'etc-link': [{ name: 'etc', type: 'symlink', target: '/../../../../../../etc' }],
  'passwd-link': [{ name: 'etc/passwd', type: 'symlink', target: '/proc/self/environ' }],
  'hosts-link': [{ name: 'etc/hosts', type: 'symlink', target: '../../../../../../../tmp/escaped-hosts' }],
  'resolv-link': [{ name: 'etc/resolv.conf', type: 'symlink', target: '/proc/1/root/tmp/escaped' }],
  'work-link': [{ name: 'work', type: 'symlink', target: '/proc/self/fd/9' }],
  'work-up': [{ name: 'work', type: 'symlink', target: '../../../../../..' }],
  loop: [{ name: 'work', type: 'symlink', target: 'work' }],
};

test('a hostile image stays within its root', async () => {
  const registry = await startRegistry();
  mirrorDockerHub(registry);
  const hostFiles = () =>
    ['/etc/hosts', '/etc/passwd', '/etc/hostname', '/etc/resolv.conf'].map((path) =>
      readFileSync(path, 'utf8'),
    );
  const before = hostFiles();
  for (const [name, entries] of Object.entries(hostile)) {
    const WorkingDir = /^(work|loop)/.test(name) ? '/work' : '/';
    const config = { Cmd: ['sh'], Env: ['PATH=/bin'], WorkingDir };
    await registry.push(
      `library/${name}:latest`,
      busyboxImage({ layers: [busyboxLayer(), entries], config }),
    );
    const script = `ls -d ${sandbox.dir} ${process.execPath} ${process.cwd()} /proc/self/cwd/../../../boot/grub 2>/dev/null; cat /proc/1/root/etc/shadow 2>/dev/null; echo x >/etc/mark; id -u`;
    const ran = await run(['-v', 'hostile:/dev/../mnt/v', '--user', 'root', name, 'sh', '-c', script]);
    // It runs as root of its own root, or is refused with a sentence.
    if (ran.code === 125) assert.match(ran.stderr, /Error: [^\n]+\n/, name);
    else assert.equal(ran.stdout, '0\n', name);
    assert.not.ok(
      existsSync('/etc/mark') || existsSync('/tmp/escaped-hosts') || existsSync('/tmp/escaped'),
      name,
    );
    const terminal = await run(['-t', name, 'true']);
    assert.ok([0, 125, 126, 127].includes(terminal.code!), name);
  }
  assert.equal(hostFiles(), before);
  assert.equal(remains(), []);
});

test('names of users come from the image alone, whatever its files lead to', async () => {
  const registry = await startRegistry();
  mirrorDockerHub(registry);
  const link: TarEntry = {
    name: 'etc/passwd',
    type: 'symlink',
    target: `../../../../../..${sandbox.work}/passwd`,
  };
  await registry.push('library/users:latest', busyboxImage({ layers: [busyboxLayer(), [link]] }));
  writeFileSync(join(sandbox.work, 'passwd'), 'hostuser:x:7:7::/:/bin/sh\n');
  const ran = await run(['--user', 'hostuser', 'users', 'id', '-u']);
  assert.equal([ran.code, ran.stdout], [125, '']);
  assert.match(ran.stderr, /no user "hostuser"/);
});

test.run();
