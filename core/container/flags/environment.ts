import { PodError } from '../../error.ts';
import { readLineFile } from '../log/line-file.ts';

/** Of a container whose image sets none, and of a build FROM scratch. */
export const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EnvironmentSources {
  image: readonly string[];
  files: readonly string[];
  flags: readonly string[];
  /** The caller's own variables: `-e NAME` passes one on. */
  host: Record<string, string | undefined>;
  hostname: string | undefined;
  tty: boolean;
  home: string;
}

function nameOf(variable: string): string {
  const equals = variable.indexOf('=');
  return equals < 0 ? variable : variable.slice(0, equals);
}

/** The process's environment; later sources win: image, files, flags. A flag `NAME` unset with the caller takes NAME out. */
export function buildEnvironment(sources: EnvironmentSources): string[] {
  const result = new Map<string, string>();
  const set = (variable: string) => result.set(nameOf(variable), variable);
  set(DEFAULT_PATH);
  if (sources.tty) set('TERM=xterm');
  if (sources.hostname) set(`HOSTNAME=${sources.hostname}`);
  set(`HOME=${sources.home}`);
  for (const variable of sources.image) set(variable);
  for (const variable of [...sources.files.flatMap((file) => readLineFile(file, 'env')), ...sources.flags]) {
    const name = nameOf(variable);
    if (name === '' || /\s/.test(name) || variable.includes('\0'))
      throw new PodError({
        code: 'usage',
        message: `cannot set the variable ${JSON.stringify(variable)}`,
        why: 'its name is empty or has white space',
      });
    if (variable.includes('=')) set(variable);
    else if (sources.host[name] === undefined) result.delete(name);
    else set(`${name}=${sources.host[name]}`);
  }
  return [...result.values()];
}
