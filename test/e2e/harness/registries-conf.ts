/** What the sandbox user's configuration says of registries. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestRegistry } from '../registry/start-registry.ts';
import { sandbox } from './sandbox.ts';

const config = join(sandbox.home, '.config/containers');

/** Replaces the user's registries.conf. */
export function configure(toml: string): void {
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'registries.conf'), toml);
}

/** Trusts a registry's authority, where it has one, under these hosts (its own unless told): certs.d. */
export function trust(registry: TestRegistry, ...hosts: string[]): void {
  if (!registry.ca) return;
  for (const host of hosts.length > 0 ? hosts : [registry.host]) {
    mkdirSync(join(config, 'certs.d', host), { recursive: true });
    cpSync(registry.ca, join(config, 'certs.d', host, 'ca.crt'));
  }
}
