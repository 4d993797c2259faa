import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../names-in.ts';
import type { Paths } from '../paths.ts';
import { type Finding, moveAside } from './finding.ts';

/** The launchers, each in a directory that is named by its content. The present one is unpacked anew when it is missing. */
export function checkPrograms(paths: Paths): Finding[] {
  const findings: Finding[] = [];
  for (const hash of namesIn(paths.libexec)) {
    const file = join(paths.libexec, hash, 'launcher');
    if (!/^[0-9a-f]{16}$/.test(hash) || !existsSync(file)) continue;
    if (createHash('sha256').update(readFileSync(file)).digest('hex').startsWith(hash)) continue;
    const mend = () => void moveAside(paths, file, 'launcher');
    const problem = 'it has another content than its name says';
    findings.push({ type: 'launcher', id: hash, problem, repair: 'put it aside: it is unpacked anew', mend });
  }
  return findings;
}
