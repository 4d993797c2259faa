/** Instructions mean what buildah makes of them too; where not, docker's documentation is named that decides. */
import { comparePeers, makeBase } from './build-peer-lab.ts';
import { test } from './harness/index.ts';

test.before(makeBase);

const ports = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, {}]));

test('ENV and LABEL: quotes, escapes, variables, order', async () => {
  await comparePeers({
    dockerfile: `FROM localhost/base
ENV A=one B="two words" C='single $A' D=a\\ b E=
ENV A=\${A}2 F=$A G=\${none:-default} H=\${A:+other} I="$BASE"
ENV old form  with "quotes" $A
ENV PATH=/x:$PATH
LABEL a=b "c d"="e f" multi="one \\
two" base=$A
LABEL old form of it
`,
  });
});

test('ARG: defaults, --build-arg, before FROM, and ENV over it', async () => {
  await comparePeers({
    dockerfile: `ARG NAME=base
ARG OTHER=global
FROM localhost/$NAME
ARG OTHER
ARG A=1 
ARG B=\${A}2
ARG C
ENV a=$A b=$B c=$C other=$OTHER name=$NAME
ARG D=arg
ENV D=env
ARG D=again
ENV d=$D
`,
    args: ['--build-arg', 'A=given', '--build-arg', 'C=c'],
  });
});

test('CMD, ENTRYPOINT and SHELL, each in both forms', async () => {
  for (const text of [
    'CMD echo a',
    'ENTRYPOINT echo a',
    'ENTRYPOINT ["echo", "a"]\nCMD ["b"]',
    'CMD ["b"]\nENTRYPOINT ["echo"]',
    'ENTRYPOINT ["a"]\nENTRYPOINT []',
  ])
    await comparePeers({ dockerfile: `FROM localhost/base\n${text}\n` });
  // Dockerfile reference, SHELL: it is what the shell form of CMD runs in. buildah keeps to /bin/sh.
  const command = (...shell: string[]) => [...shell, '-c', 'echo a'];
  await comparePeers({
    dockerfile: 'FROM localhost/base\nSHELL ["/bin/busybox", "sh", "-c"]\nCMD echo a\n',
    differs: { Cmd: { ours: command('/bin/busybox', 'sh'), theirs: command('/bin/sh') } },
  });
});

test('WORKDIR, USER, EXPOSE, VOLUME, STOPSIGNAL, HEALTHCHECK, ONBUILD', async () => {
  await comparePeers({
    dockerfile: `FROM localhost/base
ENV D=/deep P=80 U=1000
WORKDIR $D/er
WORKDIR and/more
USER $U:7
EXPOSE $P 443/tcp 53/udp 8000-8001
VOLUME /v $D
VOLUME ["/w x"]
STOPSIGNAL SIGINT
HEALTHCHECK --interval=1m30s --timeout=2s --start-period=3s --retries=4 CMD wget -q localhost
ONBUILD RUN echo "$A"
ONBUILD COPY . /x
`,
    // The image specification has no ranges in ExposedPorts (config.md): docker lists every port, buildah the range.
    differs: {
      ExposedPorts: {
        ours: ports('1/tcp', '443/tcp', '53/udp', '80/tcp', '8000/tcp', '8001/tcp'),
        theirs: ports('1/tcp', '443/tcp', '53/udp', '80/tcp', '8000-8001/tcp'),
      },
    },
  });
  await comparePeers({ dockerfile: 'FROM localhost/base\nHEALTHCHECK NONE\n' });
});

test('comments, continuation lines and another escape character', async () => {
  await comparePeers({
    dockerfile: `# escape=\`
# a comment
FROM localhost/base
  # more
env A=b \`
  # within
  C=d \`

  E="f"
label x="a\\b"
RUN echo a \`
  # no
  && echo b > /out \\
`,
  });
});

const FILES = {
  'a.txt': 'a',
  'b.txt': 'b',
  'dir/c.txt': 'c',
  'dir/sub/d.txt': 'd',
  'dir/empty/': '',
  'odd name': 'o',
  '.hidden': 'h',
};

test('COPY: files, directories, wildcards, names with blanks, owners and modes', async () => {
  await comparePeers({
    dockerfile: `FROM localhost/base
WORKDIR /work
COPY a.txt b.txt ./
COPY dir /copied
COPY dir/ .
COPY *.txt /wild/
COPY ["odd name", "/with blanks/"]
COPY --chown=1:2 --chmod=600 a.txt /owned
COPY a.txt /new/deep/name
COPY . /all
`,
    files: FILES,
  });
});

test('.dockerignore', async () => {
  await comparePeers({
    dockerfile: 'FROM localhost/base\nCOPY . /all\n',
    files: { ...FILES, '.dockerignore': '# c\n*.txt\n!b.txt\n**/sub\n.hidden\n/dir/empty/\n' },
  });
});

test('ADD unpacks nothing that is no archive', async () => {
  await comparePeers({
    dockerfile: 'FROM localhost/base\nADD a.txt dir /added/\nADD dir /dir\n',
    files: FILES,
  });
});

test('stages: by name, by number, going on, and what no one needs', async () => {
  await comparePeers({
    dockerfile: `FROM localhost/base AS first
ENV KEPT=no
RUN echo 1 > /one
FROM first AS second
RUN echo $KEPT > /two
FROM localhost/base AS unused
RUN false
FROM localhost/base
COPY --from=first /one /from-name
COPY --from=1 /two /from-number
COPY --from=second /one /one
COPY --from=localhost/base /bin/busybox /usr/bin/it
`,
  });
});

test('--target and labels of the command line', async () => {
  await comparePeers({
    dockerfile: 'FROM localhost/base AS a\nENV A=1\nFROM a AS b\nENV B=1\nFROM b\nENV C=1\n',
    args: ['--target', 'b', '--label', 'x=y'],
  });
});

test('RUN: shell and exec form, variables, user, directory', async () => {
  await comparePeers({
    dockerfile: `FROM localhost/base
ARG A=1
ENV B=2
WORKDIR /w
RUN echo "$A$B$BASE" > out && mkdir -m 700 d && ln -s out link
RUN ["sh", "-c", "echo $B > exec"]
RUN chmod 4755 out; chown 5:6 d
RUN rm link
USER 1000
RUN id -u > /tmp/id
SHELL ["/bin/sh", "-xc"]
RUN echo shell > /tmp/shell
`,
  });
});

// Of a mount point in a directory that isn't there either buildah leaves that directory; docker's builder doesn't.
test('RUN --mount: bind, cache, tmpfs and secret leave nothing behind', async () => {
  await comparePeers({
    dockerfile: `FROM localhost/base AS other
RUN echo other > /other
FROM localhost/base
RUN --mount=type=bind,source=a.txt,target=/tmp/a cat /tmp/a > /a
RUN --mount=type=bind,from=other,target=/mnt cat /mnt/other > /o
RUN --mount=type=tmpfs,target=/t touch /t/x
RUN --mount=type=cache,target=/c touch /c/x
`,
    files: FILES,
  });
});

test.run();
