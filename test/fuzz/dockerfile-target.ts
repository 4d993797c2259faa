/** Dockerfiles and .dockerignore: both may come with a context from anywhere. */
import * as assert from 'uvu/assert';
import { checkDockerfile } from '../../core/build/checks/check.ts';
import type { Dockerfile, Instruction } from '../../core/build/dockerfile/dockerfile.ts';
import { createIgnore } from '../../core/build/dockerfile/ignore.ts';
import { parseDockerfile, parseTrigger } from '../../core/build/dockerfile/parse.ts';
import { exposedPorts } from '../../core/build/dockerfile/ports.ts';
import { excerptOf } from '../../core/build/dockerfile/refusal.ts';
import { resolveInstruction } from '../../core/build/dockerfile/resolve.ts';
import { runForm } from '../../core/build/dockerfile/run-form.ts';
import { PodError } from '../../core/error.ts';
import type { Target } from './guided.ts';
import { spoilText } from './text-mutations.ts';

/** undefined: it was refused, by an error that can be shown. */
function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof PodError)) throw error;
    assert.ok([error.message, error.why, error.hint].join(' ').length < 4096);
    excerptOf(error);
    return undefined;
  }
}

const VALUES: Record<string, string> = {
  a: 'one',
  b: 'two "words',
  e: '',
  path: '/usr/lib/x.tar.gz',
  p: '80',
};

function resolveAll(dockerfile: Dockerfile, instructions: readonly Instruction[]): void {
  for (const instruction of instructions) {
    const resolved = unlessRefused(() =>
      resolveInstruction(instruction, (name) => VALUES[name], { dockerfile }),
    );
    if (resolved?.kind === 'EXPOSE') unlessRefused(() => exposedPorts(resolved.ports));
    if (instruction.kind === 'RUN') assert.ok(runForm(instruction));
    if (instruction.kind === 'ONBUILD') unlessRefused(() => parseTrigger(instruction.text, 'base'));
  }
}

export const dockerfile: Target = {
  name: 'dockerfile',
  mutate: spoilText([
    'FROM a AS b\n',
    'RUN ',
    'COPY --from=b --chown=1:2 --link --exclude=*.x a b\n',
    'ADD --checksum=sha256:0 ',
    'ONBUILD ',
    'HEALTHCHECK --interval=1m CMD ',
    'ENV a=b ',
    'LABEL a b\n',
    'ARG a=$b\n',
    'EXPOSE 80-90/udp\n',
    'VOLUME ["/a"]\n',
    'SHELL ["a"]\n',
    'WORKDIR a\n',
    'USER $a\n',
    '--mount=type=cache,target=/x,id=$a,sharing=locked,mode=0700 ',
    '--mount=type=secret,id=a,env=B,required ',
    '--network=none ',
    '<<EOF\nx\nEOF\n',
    '<<-"EOF" <<B\n\ta\n\tEOF\nB\n',
    '\\\n',
    '`\n',
    '\n# comment\n\n',
    '# escape=`\n',
    '# check=skip=all;error=true\n',
    '# syntax=x\n',
    '["a", "b"]',
    '${a:-$b}',
    '${path##*/}',
    '${path%%.*}',
    '${path//[/x}',
    '${e:?x}',
    '${a/?/*}',
    '"',
    "'",
    '\\',
    '$',
    '\r\n',
    '\t',
    '\ufeff',
  ]),
  run(input) {
    const text = input.toString();
    const file = unlessRefused(() => parseDockerfile(text));
    if (!file) return;
    let last = 0;
    const all = [
      ...file.globalArgs,
      ...file.stages.flatMap(({ from, instructions }) => [from, ...instructions]),
    ];
    const lines = text.split('\n').length;
    for (const { line } of all) {
      assert.ok(
        line.start > last && line.end >= line.start && line.end <= lines,
        `${line.start} ${line.end}`,
      );
      last = line.end;
    }
    resolveAll(file, all);
    for (const warning of unlessRefused(() => checkDockerfile(file)) ?? [])
      assert.ok(warning.line.start <= lines);
  },
};

const PATHS = ['a', 'a/b', 'a/b/c.txt', 'dir/é☺.log', 'x.y/z', '.a', 'a b', '[', '*', '\\'];

export const dockerignore: Target = {
  name: 'dockerignore',
  mutate: spoilText([
    '**',
    '*',
    '?',
    '[a-z]',
    '[^',
    '!',
    '/',
    '\\',
    '.',
    '..',
    '#',
    '\n',
    'a',
    'b',
    '.log',
    '**/',
    ' ',
  ]),
  run(input) {
    const ignore = unlessRefused(() => createIgnore(input.toString()));
    if (!ignore) return;
    for (const path of PATHS) {
      const ignored = ignore.ignores(path);
      if (!ignore.skipsTree(path)) continue;
      assert.ok(ignored, path);
      for (const below of PATHS) assert.ok(ignore.ignores(`${path}/${below}`), `${path}/${below}`);
    }
  },
};
