import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseDockerfile } from '../../../../../core/build/dockerfile/parse.ts';
import { resolveInstruction } from '../../../../../core/build/dockerfile/resolve.ts';
import { own, refusal } from './reading.ts';

const values: Record<string, string> = { a: 'one', b: 'two words', n: '8000' };

function resolve(text: string, directives = ''): object {
  const dockerfile = parseDockerfile(`${directives}FROM x\n${text}`);
  return own(
    resolveInstruction(dockerfile.stages[0]!.instructions[0]!, (name) => values[name], { dockerfile }),
  );
}

test('words of ENV, LABEL, USER, WORKDIR, STOPSIGNAL, VOLUME and EXPOSE are expanded', () => {
  const pair = (key: string, value: string) => ({ key, value });
  assert.equal(resolve('ENV a=2 c=$a "$a"="$b" d=$c'), {
    kind: 'ENV',
    pairs: [pair('a', '2'), pair('c', 'one'), pair('one', 'two words'), pair('d', '')],
    legacy: false,
  });
  assert.equal(resolve('LABEL x=$a'), { kind: 'LABEL', pairs: [pair('x', 'one')], legacy: false });
  assert.equal(resolve('USER $a:${b%% *}'), { kind: 'USER', user: 'one:two' });
  assert.equal(resolve('WORKDIR /x/$a'), { kind: 'WORKDIR', path: '/x/one' });
  assert.equal(resolve('STOPSIGNAL SIG$a'), { kind: 'STOPSIGNAL', signal: 'SIGone' });
  assert.equal(resolve('VOLUME ["/$a b"]'), { kind: 'VOLUME', paths: ['/one b'] });
  assert.equal(resolve('EXPOSE $n $b'), { kind: 'EXPOSE', ports: ['8000', 'two', 'words'] });
});

test('CMD, ENTRYPOINT, SHELL, HEALTHCHECK, ONBUILD and the command of RUN are left alone', () => {
  assert.equal(resolve('CMD $a'), { kind: 'CMD', command: { form: 'shell', line: '$a' } });
  assert.equal(resolve('ENTRYPOINT ["$a"]'), { kind: 'ENTRYPOINT', command: { form: 'exec', argv: ['$a'] } });
  assert.equal(resolve('SHELL ["$a"]'), { kind: 'SHELL', shell: ['$a'] });
  assert.equal(resolve('HEALTHCHECK CMD $a'), { kind: 'HEALTHCHECK', check: { Test: ['CMD-SHELL', '$a'] } });
  assert.equal((resolve('ONBUILD USER $a') as { text: string }).text, 'USER $a');
  assert.equal(resolve('RUN $a'), {
    kind: 'RUN',
    command: { form: 'shell', line: '$a' },
    mounts: [],
    resolvedMounts: [],
  });
});

test('a user or directory that becomes empty is none, as in docker', () => {
  assert.equal(resolve('USER $none'), { kind: 'USER', user: '' });
  assert.equal(resolve('WORKDIR $none'), { kind: 'WORKDIR', path: '' });
});

test('ARG sees what the same instruction has set, others see what was before', () => {
  assert.equal(resolve('ARG a=2 c=$a d'), {
    kind: 'ARG',
    args: [{ key: 'a', value: '2' }, { key: 'c', value: '2' }, { key: 'd' }],
  });
});

test('COPY and ADD are expanded, with the documents whose names are not quoted', () => {
  assert.equal(resolve('COPY --chown=$a --chmod=$n --exclude=$a.x $a "$b"'), {
    kind: 'COPY',
    sources: [{ kind: 'path', path: 'one' }],
    destination: 'two words',
    chown: 'one',
    chmod: '8000',
    link: false,
    parents: false,
    exclude: ['one.x'],
  });
  const [first, second] = (
    resolve('COPY <<A <<-"B" /c/\n"$a" \\$a\nA\n\t$a\nB') as {
      sources: { heredoc: { name: string; content: string } }[];
    }
  ).sources;
  assert.is(first?.heredoc.content, '"one" $a\n');
  assert.is(second?.heredoc.content, '$a\n');
  assert.is((resolve('ADD --checksum=$a http://x/$a /') as { checksum: string }).checksum, 'one');
});

test('the mounts of RUN are expanded, and have types', () => {
  assert.equal(
    (resolve('RUN --mount=type=cache,target=/$a,uid=$n x') as { resolvedMounts: object }).resolvedMounts,
    [
      {
        type: 'cache',
        target: '/one',
        id: '/one',
        sharing: 'shared',
        source: '/',
        mode: 0o755,
        uid: 8000,
        gid: 0,
        readOnly: false,
      },
    ],
  );
});

test('the escape character is that of the file', () => {
  assert.equal(resolve('USER `$a', '# escape=`\n'), { kind: 'USER', user: '$a' });
});

test('what is wrong is told with its line', () => {
  const refused = (text: string) => refusal(() => resolve(text));
  assert.is(refused('ENV x="a'), 'cannot build Dockerfile:2: "\\"a" has no closing "');
  assert.is(refused('USER ${none:?is needed}'), 'cannot build Dockerfile:2: none: is needed');
  assert.match(refused('STOPSIGNAL $none'), 'the signal is empty when its variables are expanded');
  assert.match(refused('VOLUME $none'), 'a path of VOLUME is empty');
  assert.match(refused('RUN --mount=type=$a,target=/x y'), '--mount has no type "one"');
});

test.run();
