/** Several contexts as the folders of one: the files of a build for several platforms, each in its own. */

import type { TarSink } from '../../archive/tar-parser.ts';
import type { BuildContext, ContextEntry, FoundTree } from './build-context.ts';

/** `folders`: by name, "linux_arm64". Only its whole is walked. */
export function foldersContext(label: string, folders: ReadonlyMap<string, BuildContext>): BuildContext {
  const whole = async (): Promise<FoundTree> => {
    const entries: ContextEntry[] = [];
    for (const [name, context] of folders) {
      const found = await context.walk('');
      entries.push(...(found?.entries ?? []).map((entry) => moved(entry, (path) => below(name, path))));
    }
    return { at: '', entries };
  };
  return {
    label,
    walk: async (path) => (path === '' ? whole() : undefined),
    fingerprints: async (entries) => entries.map(() => ''),
    async read(entries, sink, drain) {
      for (const [name, context] of folders) {
        const own = entries
          .filter(({ path }) => path === name || path.startsWith(`${name}/`))
          .map((entry) => moved(entry, (path) => path.slice(name.length + 1)));
        await context.read(own, sinkBelow(sink, name), drain);
      }
    },
  };
}

const below = (name: string, path: string): string => (path === '' ? name : `${name}/${path}`);

const moved = (entry: ContextEntry, place: (path: string) => string): ContextEntry => ({
  ...entry,
  path: place(entry.path),
  linkTarget: entry.type === 'hardlink' ? place(entry.linkTarget) : entry.linkTarget,
});

const sinkBelow = (sink: TarSink, name: string): TarSink => ({
  entry: (entry) => sink.entry({ ...entry, ...moved(entry, (path) => below(name, path)) }),
  data: (bytes) => sink.data(bytes),
  hole: (length) => sink.hole(length),
});
