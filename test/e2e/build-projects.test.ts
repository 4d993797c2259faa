/** Dockerfiles of the kinds that people have: what they build does what it is for. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as assert from 'uvu/assert';
import { ended, run } from './container-lab.ts';
import { folder } from './copy-lab.ts';
import { debianTar } from './debian-tar.ts';
import { eventually, limitEachTest, limitFile, pod, podOk, sandbox, test } from './harness/index.ts';

limitFile(600);
limitEachTest(300);

const toolchain = join(sandbox.work, 'toolchain');

/** The compiler of this machine, which a network would bring otherwise: what Debian's packages of it are made of. */
const TOOLCHAIN = `cd / && apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \\
  --no-enhances --installed gcc libc6-dev | grep '^[a-z]' | sort -u | xargs dpkg-query -L 2>/dev/null | sort -u |
  grep -vE '^/usr/share/|/lto1$|/lto-dump$|lib[alt]san|\\.py$' | while read -r file; do
    if [ -f "$file" ] || [ -L "$file" ]; then [ -d "$file" ] || echo ".$file"; fi
  done | tar -cf "$0/gcc.tar" --owner=0 --group=0 --no-recursion -T -`;

test.before(async () => {
  execFileSync('mkdir', [toolchain]);
  execFileSync('bash', ['-c', TOOLCHAIN, toolchain]);
  await podOk(['import', '-q', debianTar(), 'debian:12'], { timeout: 120_000 });
});

/** What the build says, standard error, without times. */
async function built(tag: string, context: string, ...flags: string[]): Promise<string> {
  const args = ['build', '--progress', 'plain', '--network', 'none', '-t', tag, ...flags, context];
  const { code, stderr } = await pod(args, { timeout: 120_000 });
  assert.is(code, 0, stderr);
  return stderr.replace(/^(#\d+) \d+\.\d+ /gm, '$1 ');
}

test('a C program: compiled with gcc in one stage, tested in another, alone in the last', async () => {
  const context = folder(
    `Dockerfile: # syntax=docker/dockerfile:1
FROM debian:12 AS gcc
RUN --mount=type=bind,from=toolchain,target=/packages tar -C / -xf /packages/gcc.tar && ldconfig
FROM gcc AS build
WORKDIR /src
COPY include include/
COPY *.c ./
ARG CFLAGS="-O2 -Wall -Werror"
RUN mkdir /out && gcc $CFLAGS -Iinclude -static -o /out/greet *.c
FROM build AS test
RUN [ "$(/out/greet tests)" = "hello, tests" ] && touch /passed
FROM scratch
COPY --from=test /passed /
COPY --from=build --chmod=555 /out/greet /
USER 65534
ENTRYPOINT ["/greet"]
CMD ["world"]
`,
    'include/greet.h: void greet(const char *whom);',
    'greet.c: #include <stdio.h>\n#include "greet.h"\nvoid greet(const char *whom) { printf("hello, %s\\n", whom); }',
    'main.c: #include "greet.h"\nint main(int count, char **words) { greet(words[1]); return count - 2; }',
  );
  const from = ['--build-context', `toolchain=${toolchain}`];
  await built('greet', context, ...from);
  assert.equal(await run(['greet']), ended(0, 'hello, world\n'));
  assert.equal(await run(['greet', 'you', 'there']), ended(1, 'hello, you\n'));
  writeFileSync(join(context, 'greet.c'), '#error broken\n');
  const { code, stderr } = await pod(['build', '--progress', 'plain', '--network', 'none', ...from, context]);
  assert.is(code, 1, stderr);
  assert.match(stderr, /COPY include include\/\n#\d+ CACHED\n/);
  assert.match(stderr, /greet\.c:1:2: error: #error broken/);
  assert.match(stderr, />>> RUN mkdir \/out && gcc/);
});

const INSTALL = `import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
const { dependencies } = JSON.parse(readFileSync('package.json'));
for (const [name, version] of Object.entries(dependencies)) {
  const kept = \`/root/.npm/\${name}-\${version}\`;
  const isKept = existsSync(kept);
  if (!isKept) cpSync(\`registry/\${name}\`, kept, { recursive: true });
  mkdirSync('node_modules', { recursive: true });
  cpSync(kept, \`node_modules/\${name}\`, { recursive: true });
  console.log(\`\${name} \${isKept ? 'from the cache' : 'fetched'}\`);
}
`;

test('a Node service: its packages by way of a cache mount, and only they in the image', async () => {
  const context = folder(
    `Dockerfile: FROM debian:12 AS node
COPY --from=binary node /usr/local/bin/
FROM node AS packages
WORKDIR /app
COPY package.json install.mjs ./
RUN --mount=type=cache,target=/root/.npm,sharing=locked --mount=type=bind,source=registry,target=registry node install.mjs
FROM node
ENV NODE_ENV=production PORT=3000
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --chown=1000:1000 server.mjs ./
USER 1000:1000
EXPOSE \${PORT}
CMD ["node", "server.mjs"]
`,
    '.dockerignore: node_modules\n',
    'node_modules/left-over/index.js: throw new Error()',
    'package.json: {"dependencies":{"one":"1.0.0"}}',
    `install.mjs: ${INSTALL}`,
    'registry/one/index.js: module.exports = "one";',
    'registry/two/index.js: module.exports = "two";',
    `server.mjs: import { createServer } from 'node:http';
import one from 'one';
const server = createServer((_, answer) => answer.end(\`\${one} as \${process.getuid()} in \${process.env.NODE_ENV}\\n\`));
process.on('SIGTERM', () => server.close());
server.listen(process.env.PORT, () => console.log('listening'));
`,
  );
  const from = ['--build-context', `binary=${dirname(process.execPath)}`];
  assert.match(await built('service', context, ...from), /^#\d+ one fetched$/m);
  writeFileSync(join(context, 'package.json'), '{"dependencies":{"one":"1.0.0","two":"1.0.0"}}');
  assert.match(await built('service', context, ...from), /^#\d+ one from the cache\n#\d+ two fetched$/m);
  await podOk(['run', '-d', '--name', 'service', '--network', 'none', 'service']);
  await eventually(async () => (await podOk(['logs', 'service'])) === 'listening');
  const ask = 'fetch("http://127.0.0.1:3000").then((answer) => answer.text()).then(console.log)';
  assert.is(await podOk(['exec', 'service', 'node', '-e', ask]), 'one as 1000 in production\n');
  assert.is(await podOk(['exec', 'service', 'ls', 'node_modules', '/root']).catch(() => 'closed'), 'closed');
  await podOk(['stop', 'service']);
  assert.is(await podOk(['wait', 'service']), '0');
  await podOk(['rm', 'service']);
});

test('nginx: an entrypoint that writes the configuration from variables', async () => {
  const context = folder(
    `Dockerfile: FROM debian:12
ARG SITE=example
ENV PORT=8080 ROOT=/srv/\${SITE}-site
ENV NAME="\${SITE%ple} of \${SITE:-none}"
COPY site/ \${ROOT}/
COPY --chmod=755 <<"END" /entrypoint.sh
#!/bin/sh
set -e
sed "s|@PORT@|$PORT|; s|@ROOT@|$ROOT|; s|@NAME@|$NAME|" /etc/nginx/template >/etc/nginx/nginx.conf
exec "$@"
END
COPY <<END /etc/nginx/template
daemon off; error_log stderr; pid /run/nginx.pid;
events {}
http { access_log off; server { listen @PORT@; root @ROOT@; add_header X-Built \${SITE}; location /name { return 200 "@NAME@"; } } }
END
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/entrypoint.sh"]
CMD ["nginx"]
`,
    'site/index.html: welcome',
  );
  await built('web', context, '--build-arg', 'SITE=sample');
  for (const [port, ...flags] of [['8080'], ['9090', '-e', 'PORT=9090', '-e', 'NAME=other']]) {
    await podOk(['run', '-d', '--name', 'web', '--network', 'none', ...flags, 'web']);
    const get = `exec 3<>/dev/tcp/127.0.0.1/${port} && printf "GET $0 HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3`;
    const answer = async (path: string) => (await pod(['exec', 'web', 'bash', '-c', get, path])).stdout;
    await eventually(async () => (await answer('/')) !== '');
    assert.match(await answer('/'), /^HTTP\/1\.1 200 OK\r\n.*X-Built: sample\r\n.*\r\n\r\nwelcome$/s);
    assert.match(await answer('/name'), flags.length > 0 ? /\r\n\r\nother$/ : /\r\n\r\nsam of sample$/);
    await podOk(['stop', 'web']);
    assert.is(await podOk(['wait', 'web']), '0');
    await podOk(['rm', 'web']);
  }
});

test('sixty steps: each has its layer or none, in order, and all come from the cache', async () => {
  const numbers = Array.from({ length: 20 }, (_, n) => n);
  const lines = numbers.map((n) => `RUN echo ${n} >>/log\nCOPY f${n} /files/\nENV LAST=${n}`);
  const context = folder(
    `Dockerfile: FROM builtin:busybox\n${lines.join('\n')}\nCMD echo "$LAST" && wc -l </log && ls /files | wc -l\n`,
    ...numbers.map((n) => `f${n}: ${n}`),
  );
  await built('sixty', context);
  assert.equal(await run(['sixty']), ended(0, '19\n20\n20\n'));
  const layers = await podOk(['image', 'inspect', '-f', '{{len .RootFS.Layers}} {{len .History}}', 'sixty']);
  const before = await podOk([
    'image',
    'inspect',
    '-f',
    '{{len .RootFS.Layers}} {{len .History}}',
    'builtin:busybox',
  ]);
  const difference = layers.split(' ').map((count, at) => Number(count) - Number(before.split(' ')[at]));
  assert.equal(difference, [40, 61]);
  const id = await podOk(['image', 'inspect', '-f', '{{.Id}}', 'sixty']);
  assert.is((await built('sixty', context)).match(/^#\d+ CACHED$/gm)?.length, 41);
  assert.is(await podOk(['image', 'inspect', '-f', '{{.Id}}', 'sixty']), id);
});

test.run();
