/** What buildah of Debian doesn't know yet, so that it can't be asked: here-documents, and scopes as docker documents them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { BUSYBOX } from './container-lab.ts';
import { podOk, sandbox, test } from './harness/index.ts';

let made = 0;

/** Builds it, and gives what the command prints in it, without the last line break. */
async function built(dockerfile: string, command: string, ...args: string[]): Promise<string> {
  const context = join(sandbox.work, `language-${++made}`);
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  writeFileSync(join(context, 'file'), 'of the context\n');
  const name = `language:${made}`;
  await podOk(['build', '-q', '--network', 'none', ...args, '-t', name, context]);
  return podOk(['run', '--rm', '--network', 'none', name, 'sh', '-c', command]);
}

test('here-documents of RUN, COPY and ADD, in all their forms', async () => {
  const output = await built(
    `# syntax=docker/dockerfile:1
FROM ${BUSYBOX}
ENV NAME=world
RUN <<EOT
echo "hello $NAME" > /simple
echo second >> /simple
EOT
RUN <<-"EOT"
	echo "$NAME tabs" > /tabs
	EOT
RUN <<EOT
#!/bin/sh
echo "script $0" > /script
EOT
RUN cat <<A > /one && cat <<'B' > /two
one $NAME
A
two $NAME
B
RUN 3<<X cat <&3 > /fd
by descriptor
X
COPY <<EOT /copied.txt
hello $NAME "quoted" \\$NAME
EOT
COPY <<-'RAW' <<second.txt file /dir/
	raw $NAME
	RAW
second \${NONE:-x}
second.txt
ADD --chmod=640 --chown=1:2 <<EOT /added
added
EOT
`,
    'for file in /simple /tabs /script /one /two /fd /copied.txt /dir/* /added; do echo "$file:"; cat $file; done; stat -c "%a %u:%g" /added',
  );
  assert.is(
    output,
    `/simple:
hello world
second
/tabs:
world tabs
/script:
script /dev/pipes/EOT
/one:
one world
/two:
two $NAME
/fd:
by descriptor
/copied.txt:
hello world "quoted" $NAME
/dir/RAW:
raw $NAME
/dir/file:
of the context
/dir/second.txt:
second x
/added:
added
640 1:2`,
  );
});

test('triggers of a base image are carried out first, once, and with the new context', async () => {
  await built(
    `FROM ${BUSYBOX}
ARG GREETING=base
ONBUILD ARG GREETING=trigger
ONBUILD COPY file /from-trigger
ONBUILD RUN <<EOT
echo "$GREETING" > /greeting
EOT
ONBUILD ENV FROM_TRIGGER=yes
`,
    'test ! -e /greeting',
    '-t',
    'localhost/triggers',
  );
  const check = 'cat /greeting /from-trigger; echo $FROM_TRIGGER; test -e /after && cat /after';
  const child = `FROM localhost/triggers AS first
RUN cat /greeting /from-trigger > /after
FROM first
`;
  assert.is(
    await built(child, check, '--build-arg', 'GREETING=given'),
    'given\nof the context\nyes\ngiven\nof the context',
  );
});

test('a variable means what is nearest: ENV, ARG of the stage or of the one it goes on with, then before FROM', async () => {
  const output = await built(
    `ARG GLOBAL=global
ARG BASE=${BUSYBOX}
FROM $BASE AS base
ARG INHERITED=inherited
ARG GLOBAL
ENV OVER=env
ARG OVER=arg
RUN echo "1 $GLOBAL $INHERITED $OVER [$BASE] [$TARGETARCH]" > /seen
FROM base
ARG TARGETOS
ENV A=1
ENV A=2 B=$A
RUN echo "2 $GLOBAL $INHERITED $OVER $TARGETOS $B" >> /seen
FROM base AS unused
RUN false
`,
    'cat /seen',
    '--target',
    '1',
  );
  assert.is(output, '1 global inherited env [] []\n2 global inherited env linux 1');
});

test.run();
