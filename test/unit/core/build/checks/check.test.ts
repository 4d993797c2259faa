import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDockerfile, checkFailure } from '../../../../../core/build/checks/check.ts';
import { checkReport, warningSummary } from '../../../../../core/build/checks/report.ts';
import type { CheckOptions } from '../../../../../core/build/checks/rule.ts';
import { createIgnore } from '../../../../../core/build/dockerfile/ignore.ts';
import { parseDockerfile } from '../../../../../core/build/dockerfile/parse.ts';

const found = (text: string, options: CheckOptions = {}) =>
  checkDockerfile(parseDockerfile(text), options).map(
    ({ rule, message, line }) => `${line.start} ${rule}: ${message}`,
  );

test('a file without faults has no warnings', () => {
  assert.equal(
    found('FROM alpine AS a\nWORKDIR /x\nARG b=1\nENV c=$b\nCOPY . .\nFROM a\nRUN d\nCMD ["e"]\nUSER f'),
    [],
  );
});

test('names of stages are lower case, single, and not reserved', () => {
  assert.equal(found('FROM a AS B\nFROM a AS b\nFROM a AS scratch\nFROM a AS context'), [
    "1 StageNameCasing: Stage name 'B' should be lowercase",
    '2 DuplicateStageName: Duplicate stage name "b", stage names should be unique',
    '3 ReservedStageName: Stage name should not use the same name as reserved stage "scratch"',
    '4 ReservedStageName: Stage name should not use the same name as reserved stage "context"',
  ]);
});

test('AS is written as FROM is', () => {
  assert.equal(found('FROM a as b\nFROM a AS c'), [
    "1 FromAsCasing: 'as' and 'FROM' keywords' casing do not match",
  ]);
  assert.equal(found('from a AS b\nfrom a as c'), [
    "1 FromAsCasing: 'AS' and 'from' keywords' casing do not match",
  ]);
});

test('keywords are written as most of them are', () => {
  assert.equal(found('FROM a\nrun b\nCmd ["c"]\nUSER d'), [
    "2 ConsistentInstructionCasing: Command 'run' should match the case of the command majority (uppercase)",
    "3 ConsistentInstructionCasing: Command 'Cmd' should match the case of the command majority (uppercase)",
  ]);
  assert.equal(found('from a\nrun b\nUSER d'), [
    "3 ConsistentInstructionCasing: Command 'USER' should match the case of the command majority (lowercase)",
  ]);
});

test('an instruction has no empty lines', () => {
  assert.equal(found('FROM a\nRUN b \\\n\n\n c'), ['3 NoEmptyContinuation: Empty continuation line']);
});

test('CMD and ENTRYPOINT are JSON, unless the stage has a shell', () => {
  const text = (kind: string) =>
    `JSONArgsRecommended: JSON arguments recommended for ${kind} to prevent unintended behavior related to OS signals`;
  assert.equal(found('FROM a\nCMD b\nENTRYPOINT b'), [`2 ${text('CMD')}`, `3 ${text('ENTRYPOINT')}`]);
  assert.equal(found('FROM a AS x\nSHELL ["b"]\nFROM x AS y\nFROM y\nCMD c\nFROM a\nCMD c'), [
    `7 ${text('CMD')}`,
  ]);
});

test('MAINTAINER is a label', () => {
  assert.equal(found('FROM a\nMAINTAINER b'), [
    '2 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label',
  ]);
});

test('FROM has ARGs that are declared, and a default that is an image', () => {
  assert.equal(found('ARG VERSION\nFROM a:$VERSION\nFROM --platform=$BUILDPLATFORM b:$VERSOIN'), [
    '2 InvalidDefaultArgInFrom: Default value for ARG a:$VERSION results in empty or invalid base image name',
    '3 InvalidDefaultArgInFrom: Default value for ARG b:$VERSOIN results in empty or invalid base image name',
    "3 UndefinedArgInFrom: FROM argument 'VERSOIN' is not declared (did you mean VERSION?)",
  ]);
  assert.equal(found('ARG V=1\nFROM a:${V}\nFROM a:${W:-2}\nFROM a'), []);
});

test('a platform is not a constant, and not the default', () => {
  assert.equal(
    found(
      'FROM --platform=$TARGETPLATFORM a\nFROM --platform=linux/arm64 b\nFROM --platform=linux/arm64 c AS x-arm64',
    ),
    [
      '1 RedundantTargetPlatform: Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior',
      '2 FromPlatformFlagConstDisallowed: FROM --platform flag should not use constant value "linux/arm64"',
    ],
  );
});

test('the first WORKDIR is absolute', () => {
  const text =
    'WorkdirRelativePath: Relative workdir "b" can have unexpected results if the base image changes';
  assert.equal(found('FROM a AS x\nWORKDIR b\nWORKDIR c\nFROM x\nWORKDIR b\nFROM a\nWORKDIR b'), [
    `2 ${text}`,
    `7 ${text}`,
  ]);
  assert.equal(found('FROM a\nARG d=/x\nWORKDIR $d\nWORKDIR b'), []);
});

test('variables are set before they are used', () => {
  assert.equal(
    found('FROM scratch\nARG foo\nARG name=1\nCOPY $foo $nam .\nENV PATH=$PAHT:/x HOME=$other\nRUN $any'),
    [
      "4 UndefinedVar: Usage of undefined variable '$nam' (did you mean $name?)",
      "5 UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?)",
      "5 UndefinedVar: Usage of undefined variable '$other'",
    ],
  );
  assert.equal(found('FROM scratch\nUSER ${a:-b}$HTTP_PROXY'), []);
});

test('what a base image sets is known where the image is here', () => {
  const text = 'FROM a AS x\nENV PATH=$JAVA_HOME/bin:$PAHT\nFROM x\nUSER $JAVA_HOME';
  assert.equal(found(text), ["2 UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?)"]);
  assert.equal(found(text, { environmentOf: () => [] }), [
    "2 UndefinedVar: Usage of undefined variable '$JAVA_HOME'",
    "2 UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?)",
    "4 UndefinedVar: Usage of undefined variable '$JAVA_HOME'",
  ]);
  assert.equal(found('FROM a\nUSER $JAVA_HOME', { environmentOf: () => ['JAVA_HOME=/x'] }), []);
});

test('a stage has one CMD, ENTRYPOINT and HEALTHCHECK; the earlier is told of', () => {
  assert.equal(found('FROM a\nCMD ["b"]\nHEALTHCHECK NONE\nCMD ["c"]\nFROM a\nCMD ["b"]'), [
    '2 MultipleInstructionsDisallowed: Multiple CMD instructions should not be used in the same stage because only the last one will be used',
  ]);
});

test('ENV and LABEL have the form with =', () => {
  assert.equal(found('FROM a\nENV b c\nLABEL d e'), [
    '2 LegacyKeyValueFormat: "ENV key=value" should be used instead of legacy "ENV key value" format',
    '3 LegacyKeyValueFormat: "LABEL key=value" should be used instead of legacy "LABEL key value" format',
  ]);
});

test('secrets are neither ARG nor ENV', () => {
  const text = (what: string) =>
    `SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (${what})`;
  assert.equal(found('FROM a\nARG GITHUB_TOKEN password\nENV MONKEY=1 PUBLIC_KEY=2 TOKEN_FILE=3 auth=4'), [
    `2 ${text('ARG "GITHUB_TOKEN"')}`,
    `2 ${text('ARG "password"')}`,
    `3 ${text('ENV "auth"')}`,
  ]);
});

test('COPY and ADD take no file that the context is without', () => {
  const ignore = createIgnore('a\nb/*\n!b/c');
  const text = 'FROM x AS s\nCOPY ./a b b/d b/c *.x /\nADD a https://a/a /\nFROM x\nCOPY --from=s a /';
  const message = (verb: string, file: string) =>
    `CopyIgnoredFile: Attempting to ${verb} file "${file}" that is excluded by .dockerignore`;
  assert.equal(found(text, { ignore }), [
    `2 ${message('Copy', './a')}`,
    `2 ${message('Copy', 'b/d')}`,
    `3 ${message('Add', 'a')}`,
  ]);
  assert.equal(found(text), []);
});

test('EXPOSE has ports and small protocols', () => {
  assert.equal(found('FROM a\nEXPOSE 80/TCP 8080:81'), [
    "2 ExposeInvalidFormat: EXPOSE instruction should not define an IP address or host-port mapping, found '8080:81'",
    "2 ExposeProtoCasing: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase",
  ]);
});

test('descriptions of stages and ARGs begin with the name, where that is asked for', () => {
  const text =
    '# of a version\nARG v\n# v is it\nARG v\n# x\nARG v w\n# the base\nFROM a AS b\n\n# free\n\nFROM a AS c';
  assert.equal(found(text), []);
  assert.equal(found(`# check=experimental=all\n\n${text}`), [
    '4 InvalidDefinitionDescription: Comment for ARG should follow the format: `# v <description>`',
    '8 InvalidDefinitionDescription: Comment for ARG should follow the format: `# <arg_key> <description>`',
    '10 InvalidDefinitionDescription: Comment for FROM should follow the format: `# b <description>`',
  ]);
});

test('rules are skipped by name, or all', () => {
  const text = 'FROM a AS B\nMAINTAINER c';
  assert.equal(found(`# check=skip=StageNameCasing\n${text}`), [
    '3 MaintainerDeprecated: Maintainer instruction is deprecated in favor of using label',
  ]);
  assert.equal(found(`# check=skip=all\n${text}`), []);
});

test('warnings are shown with their lines and where to read on', () => {
  const file = parseDockerfile('FROM a\nRUN b\nCMD c\n');
  const warnings = checkDockerfile(file);
  assert.is(
    checkReport(file, warnings),
    `Check complete, 1 warning has been found!

WARNING: JSONArgsRecommended - https://docs.docker.com/go/dockerfile/rule/json-args-recommended/
JSON arguments recommended for CMD to prevent unintended behavior related to OS signals
Dockerfile:3
--------------------
   1 |     FROM a
   2 |     RUN b
   3 | >>> CMD c
--------------------`,
  );
  assert.is(checkReport(file, []), 'Check complete, no warnings found.');
  assert.match(
    checkReport(file, [...warnings, ...warnings]),
    /^Check complete, 2 warnings have been found!\n/,
  );
  assert.is(warningSummary([]), '');
  assert.is(
    warningSummary(warnings),
    ' 1 warning found (--check tells more):\n - JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals (line 3)',
  );
});

test('warnings are errors where the file says so', () => {
  const file = parseDockerfile('# check=error=true\nFROM a\nCMD c\nMAINTAINER d\nCMD e');
  const failure = checkFailure(file, checkDockerfile(file));
  assert.is(
    failure?.why,
    'lint violation found for rules: JSONArgsRecommended, MaintainerDeprecated, MultipleInstructionsDisallowed',
  );
  assert.is(checkFailure(file, []), undefined);
  const other = parseDockerfile('FROM a\nCMD c');
  assert.is(checkFailure(other, checkDockerfile(other)), undefined);
});

test('a file of many instructions is checked soon', () => {
  const began = performance.now();
  const many = Array.from({ length: 20_000 }, (_, index) => `ENV a${index}=$b${index}`).join('\n');
  assert.is(found(`FROM scratch\n${many}`).length, 20_000);
  assert.is(
    found(
      `FROM a AS s0\n${Array.from({ length: 20_000 }, (_, i) => `FROM s${i} AS s${i + 1}\nWORKDIR /x`).join('\n')}`,
    ).length,
    0,
  );
  assert.ok(performance.now() - began < 30_000);
});

test.run();
