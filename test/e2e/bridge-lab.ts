/** What tests of bridge networks share: small servers, and what is asked of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pod, podOk, sandbox } from './harness/index.ts';

export const IMAGE = 'builtin:busybox';
export const HUB = join(sandbox.run, 'tsc-pod/hub');

/** A container that serves its name at port 80. */
export const serve = (name: string, ...flags: string[]): Promise<string> => {
  const script = `echo ${name} >/tmp/index.html; exec httpd -f -p 80 -h /tmp`;
  return podOk(['run', '-d', '--rm', '--name', name, ...flags, IMAGE, 'sh', '-c', script]);
};
export const sh = (script: string, ...flags: string[]): Promise<string> =>
  podOk(['run', '--rm', ...flags, IMAGE, 'sh', '-c', script]);

export const addressOf = (name: string, network: string): Promise<string> =>
  podOk(['inspect', '-f', `{{.NetworkSettings.Networks.${network}.IPAddress}}`, name]);

/** What the server NAME serves, once it listens. */
export const GET = (name: string): string => {
  const ask = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${name} 80 2>/dev/null | tail -n 1 | grep .`;
  return `i=0; until ${ask}; do i=$((i+1)); [ $i -lt 200 ] || exit 9; sleep 0.1; done`;
};

export function hubPid(): number {
  return Number(readFileSync(join(HUB, 'state'), 'utf8').split(' ')[0]);
}

export const filesOfHub = (): string[] => readdirSync(HUB);

/** Addresses that a container gets for a name; the answer's code where it has none. */
export async function lookUp(container: string, name: string, ...more: string[]): Promise<string> {
  const { stdout } = await pod(['exec', container, 'nslookup', ...more, name]);
  const [, answer = ''] = stdout.split(/\n\n/, 2);
  const found = [...stdout.slice(stdout.indexOf('\n\n')).matchAll(/^Address:\s*(\S+)$/gm)].map(
    ([, address]) => address,
  );
  return found.length > 0 ? found.sort().join(' ') : (/: ([A-Z]+)$/m.exec(stdout)?.[1] ?? answer.trim());
}
