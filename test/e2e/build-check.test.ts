import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { ended } from './container-lab.ts';
import { pod, sandbox, test } from './harness/index.ts';

let made = 0;

function contextOf(dockerfile: string, files: Record<string, string> = {}): string {
  const context = join(sandbox.work, `checked-${++made}`);
  mkdirSync(context);
  for (const [name, text] of Object.entries({ ...files, Dockerfile: dockerfile }))
    writeFileSync(join(context, name), text);
  return context;
}

test('build --check prints what is doubtful with its lines, ends with 1, and builds nothing', async () => {
  const context = contextOf('FROM scratch AS Base\nCOPY a /\nENV PATH=$PAHT:/x\n', {
    a: 'a',
    '.dockerignore': 'a\n',
  });
  assert.equal(
    await pod(['build', '--check', '-t', 'checked', context]),
    ended(
      1,
      `Check complete, 3 warnings have been found!

WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/
Stage name 'Base' should be lowercase
Dockerfile:1
--------------------
   1 | >>> FROM scratch AS Base
   2 |     COPY a /
   3 |     ENV PATH=$PAHT:/x
--------------------

WARNING: CopyIgnoredFile - https://docs.docker.com/go/dockerfile/rule/copy-ignored-file/
Attempting to Copy file "a" that is excluded by .dockerignore
Dockerfile:2
--------------------
   1 |     FROM scratch AS Base
   2 | >>> COPY a /
   3 |     ENV PATH=$PAHT:/x
--------------------

WARNING: UndefinedVar - https://docs.docker.com/go/dockerfile/rule/undefined-var/
Usage of undefined variable '$PAHT' (did you mean $PATH?)
Dockerfile:3
--------------------
   1 |     FROM scratch AS Base
   2 |     COPY a /
   3 | >>> ENV PATH=$PAHT:/x
--------------------
`,
    ),
  );
  assert.equal(await pod(['images', '-q']), ended(0));
});

test('build --check of a good file ends with 0', async () => {
  const context = contextOf('FROM scratch\nCOPY Dockerfile /\n');
  assert.equal(await pod(['build', '--check', context]), ended(0, 'Check complete, no warnings found.\n'));
});

test('a build tells of warnings at its end, unless it is quiet', async () => {
  const context = contextOf('FROM scratch as a\nCOPY Dockerfile /\n');
  const ran = await pod(['build', '--progress', 'plain', context]);
  assert.is(ran.code, 0, ran.stderr);
  assert.ok(
    ran.stderr.endsWith(
      "\n 1 warning found (--check tells more):\n - FromAsCasing: 'as' and 'FROM' keywords' casing do not match (line 1)\n",
    ),
    ran.stderr,
  );
  assert.is((await pod(['build', '-q', context])).stderr, '');
});

test('a Dockerfile can make its warnings errors', async () => {
  const context = contextOf('# check=error=true\nFROM scratch as a\nCOPY Dockerfile /\n');
  const ran = await pod(['build', '-q', context]);
  assert.equal(
    ran,
    ended(
      125,
      '',
      'Error: cannot build Dockerfile: lint violation found for rules: FromAsCasing\ntsc-pod build --check   # tells more; "# check=error=true" makes it an error\n',
    ),
  );
});

test('a mistake in a Dockerfile is told with its lines, before anything is built', async () => {
  const context = contextOf('FROM scratch AS a\nCOPY Dockerfile /\nCOPY --form=a /x /\n');
  assert.equal(
    await pod(['build', '-q', context]),
    ended(
      125,
      '',
      `Dockerfile:3
--------------------
   1 |     FROM scratch AS a
   2 |     COPY Dockerfile /
   3 | >>> COPY --form=a /x /
--------------------
Error: cannot build Dockerfile:3: there is no flag "--form"
did you mean --from?
`,
    ),
  );
});

test('hostile Dockerfiles are refused soon', async () => {
  const cases: [string, RegExp][] = [
    [`FROM scratch\n${'RUN x\n'.repeat(1_000_000)}`, /it has more than 100000 instructions/],
    [`FROM scratch\nRUN ${'x'.repeat(20 << 20)}`, /it is larger than 16 MiB/],
    [
      'FROM scratch AS a\nCOPY --from=b x /\nFROM scratch AS b\nCOPY --from=a x /\n',
      /stage b comes after this one/,
    ],
    ['FROM scratch AS a\nCOPY --from=a x /\n', /stage a takes files from itself/],
    ['FROM scratch\nRUN <<E\nx\n', /the here-document E has no end/],
    [`FROM scratch\nENV A=${'${A:-'.repeat(10_000)}\n`, /variables are nested deeper than 64/],
    [`FROM scratch\nENV A=xxxxxxxx\n${'ENV A=$A$A$A$A\n'.repeat(40)}`, /it becomes longer than 1 MiB/],
  ];
  for (const [text, expected] of cases) {
    const ran = await pod(['build', '-q', contextOf(text)]);
    assert.is(ran.code, 125, ran.stderr.slice(0, 500));
    assert.match(ran.stderr, expected);
    assert.ok(ran.stderr.length < 4096, `${ran.stderr.length}`);
  }
});

test.run();
