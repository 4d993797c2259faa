import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DockerFlag {
  /** `-a` where there is one, then `--attach`. */
  names: string[];
  takesValue: boolean;
}

export interface DockerCommand {
  /** `ps`, `container ls`...: the first is the one that people type. */
  paths: string[];
  flags: DockerFlag[];
}

/** What test/fixtures/docker-KIND-commands.txt lists. */
export function dockerCommands(kind: 'container' | 'image' | 'network' | 'volume'): DockerCommand[] {
  const file = join(import.meta.dirname, `../../fixtures/docker-${kind}-commands.txt`);
  const commands: DockerCommand[] = [];
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (!line.startsWith(' ')) {
      commands.push({ paths: line.split(' | '), flags: [] });
      continue;
    }
    const { flags } = commands.at(-1)!;
    const words = line.trim().split(' ');
    if (words[0] === '=') flags.push(...commands.find(({ paths }) => paths[0] === words[1])!.flags);
    else
      flags.push({
        names: words.filter((word) => word.startsWith('-')),
        takesValue: !words.at(-1)!.startsWith('-'),
      });
  }
  return commands;
}
